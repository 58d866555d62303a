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
import { SourceError } from '../../errors.js';
import { demandEnd } from '../stream/end-marker.js';
import { runProgram } from '../stream/program.js';
import { ArchiveError, ArchiveReader } from './archive.js';
import { PostgresAccess } from './connection.js';
import { PostgresSession, SqlError } from './session.js';
import { readFacts, readLargeObjects, readSchema, readTables } from './witness.js';
export const GLOBALS_FILE = 'globals.sql';
/** Older servers lack the functions that the witness is made with. */
const OLDEST_VERSION = 110_000;
const LOCK_TIMEOUT_MS = 600_000;
export async function* dumpPostgres(source, context) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const access = __addDisposableResource(env_1, new PostgresAccess(source.connection), false);
        const client = await access.clientMajor('pg_dump');
        const server = await readServer(source, access, context);
        guardVersion(server, client);
        const names = source.databases === 'all' ? server.databases : source.databases;
        const databases = [];
        for (const name of names)
            databases.push(yield* dumpDatabase(source, access, context, name));
        if (source.globals)
            yield { name: GLOBALS_FILE, bytes: dumpGlobals(source, access, context, server) };
        const { version, versionNumber, cluster } = server;
        const witness = {
            kind: 'postgres',
            version,
            versionNumber,
            cluster,
            client,
            databases,
            globals: source.globals,
        };
        return { witness: witness };
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        __disposeResources(env_1);
    }
}
async function readServer(source, access, { signal }) {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        const first = source.databases === 'all' ? undefined : source.databases[0];
        const session = __addDisposableResource(env_2, await PostgresSession.open(access, first ?? 'postgres', signal), true);
        return session.one(`SELECT json_build_object(
       'version', current_setting('server_version'), 'versionNumber', current_setting('server_version_num')::int,
       'cluster', CASE WHEN has_function_privilege('pg_control_system()', 'execute') THEN (SELECT system_identifier::text FROM pg_control_system()) END,
       'databases', (SELECT json_agg(datname ORDER BY datname COLLATE "C") FROM pg_database WHERE datallowconn AND NOT datistemplate),
       'passwords', has_table_privilege('pg_authid', 'select'))`);
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        const result_1 = __disposeResources(env_2);
        if (result_1)
            await result_1;
    }
}
function guardVersion({ version, versionNumber }, client) {
    const major = Math.floor(versionNumber / 10_000);
    if (versionNumber < OLDEST_VERSION)
        throw new SourceError(`PostgreSQL ${version} is too old: 11 is the oldest that can be backed up.`);
    if (client >= major)
        return;
    throw new SourceError(`pg_dump is of version ${client}, but the server is PostgreSQL ${version}.`, {
        hint: `Install the package postgresql-client-${major} (from apt.postgresql.org if Debian lacks it), or name the folder of its programs as "programs".`,
    });
}
async function* dumpDatabase(source, access, context, name) {
    const env_3 = { stack: [], error: void 0, hasError: false };
    try {
        const session = __addDisposableResource(env_3, await PostgresSession.open(access, name, context.signal), true);
        const now = () => context.now().getTime();
        const facts = await readFacts(session);
        await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
        const [snapshot = ''] = await session.run('SELECT to_json(pg_export_snapshot())');
        const isPart = Object.values(source.only).some((patterns) => patterns.length > 0);
        const file = `${fileName(name)}.${source.format === 'custom' ? 'dump' : 'sql'}`;
        const label = `pg_dump of ${name}`;
        const run = (args) => runProgram({
            label,
            file: access.program('pg_dump'),
            args: [
                `--snapshot=${snapshot}`,
                '--no-password',
                `--lock-wait-timeout=${LOCK_TIMEOUT_MS}`,
                ...filters(source),
                ...args,
            ],
            env: access.environment(name),
            secrets: access.secrets,
            timeoutMs: source.timeoutMs,
            signal: context.signal,
            onSaid: (lines) => context.onNote(`pg_dump of ${name} said: ${lines.join('; ')}`),
        });
        /** Reads the witness while the dump flows: both see the same snapshot. */
        const observe = async (head) => {
            const { rows } = source.witness;
            const tables = await readTables(session, dumpedTables(head, source.format), source.witness, now);
            const hasObjects = head.entries.some(({ kind }) => kind === 'BLOBS' || kind === 'BLOB') || !isPart;
            const largeObjects = hasObjects && rows !== 'none'
                ? await readLargeObjects(session, rows, source.witness.timeoutMs)
                : undefined;
            return {
                ...facts,
                file,
                tables,
                schema: isPart ? null : await readSchema(session),
                largeObjects: largeObjects ?? null,
                rows,
            };
        };
        let observed;
        const onHead = (head) => {
            observed = observe(head);
            observed.catch(() => { }); // It is awaited when the dump has ended.
        };
        if (source.format === 'custom') {
            yield { name: file, bytes: checkArchive(run(['--format=custom', '--compress=0']), label, onHead) };
        }
        else {
            const definitions = run([
                '--format=custom',
                '--schema-only',
                ...source.only.excludeData.map((table) => `--exclude-table=${table}`),
            ]);
            for await (const _piece of checkArchive(definitions, label, onHead))
                ;
            const output = run(['--format=plain', '--encoding=UTF8']);
            yield {
                name: file,
                bytes: demandEnd(output, label, (text) => text.includes('\n-- PostgreSQL database dump complete\n')),
            };
        }
        if (observed === undefined)
            throw new SourceError(`${label} was not read to its end.`);
        try {
            const witness = await observed;
            await session.run('COMMIT');
            warnUnread(witness, context);
            return witness;
        }
        catch (error) {
            if (!(error instanceof SqlError))
                throw error;
            throw new SourceError(`The facts about ${name} cannot be read: ${error.message}.`, {
                cause: error,
                hint: 'Give the role of the backup the right to read (docs/databases/postgres.md), or set "witness: {rows: none}".',
            });
        }
    }
    catch (e_3) {
        env_3.error = e_3;
        env_3.hasError = true;
    }
    finally {
        const result_2 = __disposeResources(env_3);
        if (result_2)
            await result_2;
    }
}
/** Lets an archive pass that is whole. */
async function* checkArchive(stream, label, onHead) {
    const reader = new ArchiveReader();
    const checked = (check) => {
        try {
            return check();
        }
        catch (cause) {
            if (!(cause instanceof ArchiveError))
                throw cause;
            throw new SourceError(`${label} gave no whole archive: ${cause.message}. No snapshot was made.`, {
                cause,
            });
        }
    };
    let isSeen = false;
    for await (const piece of stream) {
        checked(() => reader.push(piece));
        if (!isSeen && reader.head !== undefined) {
            isSeen = true;
            onHead(reader.head);
        }
        yield piece;
    }
    const head = checked(() => reader.end());
    if (!isSeen)
        onHead(head);
}
/** Roles and table spaces. Without the right to read them, roles come without passwords. */
function dumpGlobals(source, access, context, { databases, passwords }) {
    if (!passwords)
        context.onNote('the passwords of roles are not dumped: this role may not read them');
    const program = 'pg_dumpall';
    const database = source.databases === 'all' ? (databases[0] ?? 'postgres') : source.databases[0];
    const output = runProgram({
        label: program,
        file: access.program(program),
        args: ['--globals-only', '--no-password', ...(passwords ? [] : ['--no-role-passwords'])],
        env: { ...access.environment(database), PGDATABASE: undefined },
        secrets: access.secrets,
        timeoutMs: source.timeoutMs,
        signal: context.signal,
    });
    return demandEnd(output, program, (text) => text.includes('\n-- PostgreSQL database cluster dump complete\n'));
}
function filters({ only }) {
    return [
        ...only.schemas.map((pattern) => `--schema=${pattern}`),
        ...only.excludeSchemas.map((pattern) => `--exclude-schema=${pattern}`),
        ...only.tables.map((pattern) => `--table=${pattern}`),
        ...only.excludeTables.map((pattern) => `--exclude-table=${pattern}`),
        ...only.excludeData.map((pattern) => `--exclude-table-data=${pattern}`),
    ];
}
/** The tables whose rows are in the dump. */
function dumpedTables({ entries }, format) {
    const kind = format === 'custom' ? 'TABLE DATA' : 'TABLE';
    return entries
        .filter((entry) => entry.kind === kind)
        .map(({ schema, name }) => ({ schema: schema ?? 'public', name }))
        .sort((a, b) => (`${a.schema}\0${a.name}` < `${b.schema}\0${b.name}` ? -1 : 1));
}
function warnUnread({ rows, tables, name }, { onNote }) {
    const unread = tables.filter(([, , count]) => count === null);
    if (rows === 'none' || unread.length === 0)
        return;
    const some = unread.slice(0, 3).map(([schema, table]) => `${schema}.${table}`);
    onNote(`${name}: ${unread.length} tables were not counted for the witness (${some.join(', ')}): no time, or no right`);
}
/** A database may be called anything. */
function fileName(database) {
    return database.replaceAll(/[/%\0]/g, (char) => encodeURIComponent(char));
}
