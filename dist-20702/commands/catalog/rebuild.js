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
import { counted } from '../../cli/output.js';
import { RepositoryCommand } from '../../cli/repository-command.js';
import { rebuildCatalog } from '../../operations/rebuild-catalog.js';
export default class CatalogRebuild extends RepositoryCommand {
    static summary = "Rebuild the local catalog from the repository, with this machine's own key.";
    static description = 'The next backup reads every file again, and stores almost nothing.';
    static examples = ['<%= config.bin %> <%= command.id %>'];
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { flags } = await this.parse(CatalogRebuild);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const catalog = context.catalog();
            const history = await context.history();
            this.warnOf(history.problems);
            const result = await rebuildCatalog({
                repository: context.repository,
                catalog,
                agent: await context.agent(),
                onNote: (source, note) => this.logToStderr(`${source}: ${note}`),
            }, history);
            for (const { source, generation, problem, byOther } of result.skipped) {
                if (byOther)
                    this.logToStderr(`${source}/${generation}: ${problem}.`);
                else
                    this.warn(`${source}/${generation} is not in the catalog: ${problem}`);
            }
            if (result.skipped.some(({ byOther }) => !byOther))
                this.incomplete();
            const { generations, snapshots, blobs } = result;
            this.log(`${catalog.path}: ${counted(generations, 'generation')}, ${counted(snapshots, 'snapshot')}, ${counted(blobs, 'blob')}.`);
            return { ...result, path: catalog.path };
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
