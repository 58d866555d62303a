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
import { RestoreError } from '../../errors.js';
import { runProgram } from '../stream/program.js';
import { PostgresAccess } from './connection.js';
import { makeMissingRoles } from './roles.js';
import { identifier, literal, PostgresSession, SqlError } from './session.js';
import { compareWitness, observeCopy } from './witness.js';
/** @throws {@link RestoreError} if it cannot be restored there; a database that was there is then as it was */
export async function restorePostgres(options) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const { connection, name, dump, signal, now } = options;
        const access = __addDisposableResource(env_1, new PostgresAccess(connection), false);
        const control = __addDisposableResource(env_1, await PostgresSession.open(access, 'postgres', signal), true);
        const server = await readServer(control, name);
        await guard(options, access, server);
        const replaced = server.exists && !(await isEmpty(access, name, signal));
        if (replaced && !options.overwrite && !options.inPlace) {
            throw new RestoreError(`The database ${name} is there already, and is not empty.`, {
                hint: 'Name another database, or use --overwrite always: what is there is then kept under another name.',
            });
        }
        const warnings = options.globals === undefined ? [] : await makeMissingRoles(control, options.globals);
        const made = server.exists ? `${name}_restoring_${stamp(now())}` : name;
        await createDatabase(control, made, dump.database);
        try {
            warnings.push(...(await load(options, access, made)));
            const problems = await checkPostgres(connection, made, dump.database, { now, signal });
            if (server.exists)
                warnings.push(await takePlace(control, name, made, replaced, now()));
            return {
                tables: dump.database.tables.length,
                warnings: warnings.filter((warning) => warning !== ''),
                problems,
            };
        }
        catch (error) {
            // After an interruption there is no connection left to do it with.
            if (signal?.aborted !== true)
                await control.run(`DROP DATABASE IF EXISTS ${identifier(made)}`);
            if (!(error instanceof SqlError))
                throw error;
            throw new RestoreError(`${name} cannot be restored: ${error.message}.`, { cause: error });
        }
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
/** Compares a database with the witness of a dump. @returns what differs, each as a sentence */
export async function checkPostgres(connection, name, expected, { now, signal }) {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        const access = __addDisposableResource(env_2, new PostgresAccess(connection), false);
        const session = __addDisposableResource(env_2, await PostgresSession.open(access, name, signal), true);
        return compareWitness(expected, await observeCopy(session, expected, Number.POSITIVE_INFINITY, () => now().getTime()));
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        const result_2 = __disposeResources(env_2);
        if (result_2)
            await result_2;
    }
}
function readServer(session, name) {
    return session.one(`SELECT json_build_object(
       'version', current_setting('server_version'), 'versionNumber', current_setting('server_version_num')::int,
       'cluster', CASE WHEN has_function_privilege('pg_control_system()', 'execute') THEN (SELECT system_identifier::text FROM pg_control_system()) END,
       'exists', EXISTS (SELECT FROM pg_database WHERE datname = ${literal(name)}))`);
}
async function guard({ name, dump, inPlace }, access, server) {
    const { witness, database } = dump;
    const [serverMajor, dumpMajor] = [server.versionNumber, witness.versionNumber].map((n) => Math.floor(n / 10_000));
    if ((serverMajor ?? 0) < (dumpMajor ?? 0)) {
        throw new RestoreError(`The dump is of PostgreSQL ${witness.version}; the server is ${server.version}, which is older.`, {
            hint: 'Restore into a server that is as new or newer.',
        });
    }
    const client = await access.clientMajor(programFor(database));
    if (client < witness.client) {
        throw new RestoreError(`The dump was made by pg_dump ${witness.client}; ${programFor(database)} here is ${client}.`, {
            hint: `Install the package postgresql-client-${witness.client}.`,
        });
    }
    if (server.cluster !== null && server.cluster === witness.cluster && name === database.name && !inPlace) {
        throw new RestoreError(`${name} on this server is the database that was dumped.`, {
            hint: 'Name another database, or use --in-place: the present one is then kept under another name.',
        });
    }
}
function programFor({ file }) {
    return file.endsWith('.dump') ? 'pg_restore' : 'psql';
}
async function isEmpty(access, name, signal) {
    const env_3 = { stack: [], error: void 0, hasError: false };
    try {
        const session = __addDisposableResource(env_3, await PostgresSession.open(access, name, signal), true);
        return session.one(`SELECT to_json(NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')))`);
    }
    catch (e_3) {
        env_3.error = e_3;
        env_3.hasError = true;
    }
    finally {
        const result_3 = __disposeResources(env_3);
        if (result_3)
            await result_3;
    }
}
async function createDatabase(session, name, like) {
    const icu = like.provider === 'i' && like.icuLocale !== null
        ? ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(like.icuLocale)}`
        : '';
    try {
        await session.run(`CREATE DATABASE ${identifier(name)} TEMPLATE template0 ENCODING ${literal(like.encoding)} LC_COLLATE ${literal(like.collate)} LC_CTYPE ${literal(like.ctype)}${icu}`);
    }
    catch (error) {
        if (!(error instanceof SqlError))
            throw error;
        throw new RestoreError(`The database ${name} cannot be made: ${error.message}.`, {
            cause: error,
            hint: 'The role needs CREATEDB, and the server the locale that the dump was made with.',
        });
    }
}
/** @returns what pg_restore could not bring back */
async function load({ dump, content, signal }, access, name) {
    const program = programFor(dump.database);
    const said = [];
    const common = {
        label: program,
        file: access.program(program),
        env: access.environment(name),
        input: content,
        secrets: access.secrets,
        timeoutMs: Number.POSITIVE_INFINITY, // Indexes are built in silence.
        signal,
        hint: 'The dump itself comes back with --to DIR.',
        onSaid: (lines) => void said.push(...lines),
    };
    const args = program === 'psql'
        ? ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--output=/dev/null']
        : ['--no-password', `--dbname=dbname='${name.replaceAll(/[\\']/g, '\\$&')}'`];
    for await (const _piece of runProgram({ ...common, args, ...(program === 'pg_restore' && { succeeds: [1] }) }))
        ;
    return said;
}
/** Puts the copy in the place of a database, which is kept. @returns a sentence about where */
async function takePlace(session, name, made, keep, now) {
    const aside = `${name}_before_${stamp(now)}`;
    await session.run(`SELECT to_json(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${literal(name)}`);
    await session.run(keep
        ? `ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(aside)}`
        : `DROP DATABASE ${identifier(name)}`);
    await session.run(`ALTER DATABASE ${identifier(made)} RENAME TO ${identifier(name)}`);
    return keep
        ? `What was in ${name} before is now in the database ${aside}. Drop it when it is no longer needed.`
        : '';
}
function stamp(now) {
    return now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
