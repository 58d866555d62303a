/** Reads a source into blobs, whatever its kind. */
import { realpathSync } from 'node:fs';
import { SourceError } from '../errors.js';
import { compileExcludes } from '../sources/folder/exclude.js';
import { WalkState } from '../sources/folder/state.js';
import { walkFolder } from '../sources/folder/walk.js';
import { dumpPostgres } from '../sources/postgres/dump.js';
import { dumpCommand, dumpInput } from '../sources/stream/command.js';
import { storeDump } from '../sources/stream/store.js';
import { pathText } from '../system/utf8.js';
import { ownInodes } from './own-files.js';
/** Fewer entries than this may come and go. */
const SHRINK_FROM_ENTRIES = 20;
const SHRINK_TO_SHARE = 0.1;
/** @throws {@link SourceError} if there is nothing that deserves a snapshot */
export async function readIntoBlobs(run, writer, warnings) {
    const { source, catalog, generation, options } = run;
    const state = new WalkState(catalog, source.name, generation.id, options.dryRun !== true);
    if (source.kind === 'folder')
        return readFolder(run, source, writer, state, warnings);
    const { root, counts, facts } = await storeDump({
        source: source.name,
        dump: dumpOf(run, source, warnings),
        writer,
        state,
        allowEmpty: isEmptyAllowed(run),
        now: run.now,
        signal: run.signal,
        onProgress: (progress, current) => report(run, progress, current),
    });
    return { root, counts, witness: facts.witness };
}
/** What was backed up, for people; holds no secret. */
export function placeOf(source) {
    switch (source.kind) {
        case 'folder':
            return source.folder;
        case 'command':
            return source.command.words?.[0] ?? '/bin/sh';
        case 'stdin':
            return 'standard input';
        case 'postgres':
            return `PostgreSQL: ${source.databases === 'all' ? 'all databases' : source.databases.join(', ')}`;
    }
}
function dumpOf(run, source, warnings) {
    const context = {
        now: run.now,
        signal: run.signal,
        onNote: (note) => run.onNote?.(source.name, note),
        onWarning: (problem) => warnings.add(Buffer.alloc(0), problem),
    };
    switch (source.kind) {
        case 'command':
            return dumpCommand(source, context);
        case 'postgres':
            return dumpPostgres(source, context);
        case 'stdin': {
            if (run.input === undefined)
                throw new SourceError(`There is no input for ${source.name}.`);
            return dumpInput(source, run.input);
        }
    }
}
async function readFolder(run, source, writer, state, warnings) {
    const { root, counts } = await walkFolder({
        root: folderOf(source),
        isExcluded: compileExcludes(source.exclude),
        excludeCaches: source.excludeCaches,
        oneFileSystem: source.oneFileSystem,
        own: ownInodes(run.ownPaths),
        writer,
        state,
        signal: run.signal,
        now: run.now,
        onProgress: (progress, current) => report(run, progress, current),
        onWarning: (path, problem) => warnings.add(path, problem),
        onNote: (path, note) => run.onNote?.(source.name, `${pathText(path)}: ${note}`),
    });
    refuseShrunk(run, source, counts, warnings);
    return { root, counts };
}
/** Where the source really lies: a configured path may lead through a link. */
function folderOf({ name, folder }) {
    try {
        return realpathSync(folder);
    }
    catch (cause) {
        throw new SourceError(`The folder ${folder} of ${name} cannot be read: ${cause.message}.`, {
            cause,
            hint: 'Check the path in the configuration, and whether its disk is mounted.',
        });
    }
}
/** A source that is suddenly empty is more often an unmounted disk or a disaster than a wish. */
function refuseShrunk(run, source, { entries }, warnings) {
    if (isEmptyAllowed(run))
        return;
    const before = run.history.seals.at(-1)?.entries.total ?? 0;
    if (entries.total > 0 && (before < SHRINK_FROM_ENTRIES || entries.total > before * SHRINK_TO_SHARE))
        return;
    const was = before > 0 ? `; the last snapshot had ${before}` : '';
    const [first] = warnings.kept;
    const unread = first === undefined
        ? ''
        : ` ${warnings.count} could not be read; the first: ${first.path === '' ? '' : `${first.path}: `}${first.problem}.`;
    throw new SourceError(`The folder ${source.folder} of ${source.name} has ${entries.total} entries${was}.${unread} No snapshot was made.`, {
        hint: 'Check whether its disk is mounted; if it is meant to be so, run "holdfast backup --allow-empty" once, or set "allowEmpty: true".',
    });
}
function isEmptyAllowed({ source, options }) {
    return options.allowEmpty === true || source.allowEmpty;
}
function report(run, { entries, bytes }, current) {
    run.onProgress?.({ phase: 'backup', files: { done: entries.total }, bytes: { done: bytes.read }, current });
}
