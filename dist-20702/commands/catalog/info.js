var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
import { counted, formatBytes } from '../../cli/output.js';
import { RepositoryCommand } from '../../cli/repository-command.js';
import { EXIT } from '../../errors.js';
export default class CatalogInfo extends RepositoryCommand {
    static summary = 'Show what the local catalog holds, and whether it is sound.';
    static examples = ['<%= config.bin %> <%= command.id %>'];
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { flags } = await this.parse(CatalogInfo);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const catalog = context.catalog();
            const info = {
                path: catalog.path,
                snapshots: catalog.snapshots.count(),
                blobs: catalog.blobs.count(),
                bytes: catalog.sizeBytes(),
                integrity: catalog.integrity(),
            };
            this.log(`${info.path}: ${formatBytes(info.bytes)}, ${counted(info.snapshots, 'snapshot')}, ${counted(info.blobs, 'blob')}, integrity: ${info.integrity}`);
            if (info.integrity !== 'ok')
                this.endWith(EXIT.notVerified);
            return info;
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = __disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    }
}
