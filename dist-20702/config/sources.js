/** Sources with their defaults, by kind. */
import { Secret } from '../system/secret.js';
import { substitute } from './substitute.js';
import { parseDuration } from './units.js';
import { splitWords } from './words.js';
export function toSource(name, input, around) {
    if ('folder' in input)
        return toFolder(name, input, around);
    if ('postgres' in input)
        return toPostgres(name, input, around);
    return toCommandOutput(name, input, around);
}
/** @param fullAfterMs `Infinity` for `never` */
export function stdinSource(name, file, fullAfterMs) {
    return {
        kind: 'stdin',
        name,
        file,
        before: undefined,
        after: undefined,
        fullAfterMs,
        tags: [],
        allowEmpty: false,
        timeoutMs: undefined,
    };
}
function toFolder(name, input, around) {
    return {
        ...toShared(name, input, around),
        kind: 'folder',
        folder: around.absolute(input.folder),
        exclude: input.exclude ?? [],
        excludeCaches: input.excludeCaches ?? false,
        oneFileSystem: input.oneFileSystem ?? false,
    };
}
function toCommandOutput(name, input, around) {
    return {
        ...toShared(name, input, around),
        kind: 'command',
        command: toCommand(input.command, around.env),
        file: input.name ?? name,
        end: input.end,
        timeoutMs: toTimeout(input.timeout),
    };
}
function toPostgres(name, input, around) {
    const { postgres } = input;
    const absolute = (path) => (path === undefined ? undefined : around.absolute(path));
    return {
        ...toShared(name, input, around),
        kind: 'postgres',
        connection: {
            host: postgres.host,
            port: postgres.port,
            user: postgres.user,
            password: postgres.password === undefined ? undefined : new Secret(postgres.password),
            sslmode: postgres.sslmode,
            sslrootcert: absolute(postgres.sslrootcert),
            programs: absolute(postgres.programs),
        },
        databases: postgres.databases ?? [postgres.database ?? ''],
        format: postgres.format ?? 'custom',
        only: {
            schemas: postgres.schemas ?? [],
            excludeSchemas: postgres.excludeSchemas ?? [],
            tables: postgres.tables ?? [],
            excludeTables: postgres.excludeTables ?? [],
            excludeData: postgres.excludeData ?? [],
        },
        globals: postgres.globals ?? true,
        timeoutMs: toTimeout(input.timeout),
        witness: toWitness(input.witness),
    };
}
function toWitness(input) {
    return { rows: input?.rows ?? 'all', timeoutMs: toLimit(input?.timeout ?? '1h') };
}
function toShared(name, { before, after, full, tags, allowEmpty }, around) {
    return {
        name,
        before: before === undefined ? undefined : toCommand(before, around.env),
        after: after === undefined ? undefined : toCommand(after, around.env),
        fullAfterMs: toLimit(full ?? around.full),
        tags: tags ?? [],
        allowEmpty: allowEmpty ?? false,
    };
}
/** @returns milliseconds */
export function toLimit(duration) {
    return duration === 'never' ? Number.POSITIVE_INFINITY : parseDuration(duration);
}
function toTimeout(duration) {
    return duration === undefined ? undefined : toLimit(duration);
}
function toCommand(input, env) {
    if (typeof input === 'string') {
        const [first, ...rest] = splitWords(input);
        return { words: [substitute(first, env), ...rest.map((word) => substitute(word, env))] };
    }
    return Array.isArray(input) ? { words: input } : { shell: input.shell };
}
