import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.js';
import { FileTarget } from './file.js';
import { ResilientTarget } from './resilient.js';
const KNOWN = 's3://bucket/prefix, swift://container/prefix, file:///folder, or the path of a folder';
/**
 * Opens the place that a URL or a path names. It does not look whether anything is there. What a scheme needs is loaded only here:
 * a command that needs no object storage does not wait for its libraries.
 *
 * @param url `swift://container/prefix`, `s3://bucket/prefix`, `file:///folder`, or the path of a folder; `./a:b` where a relative path has a colon
 * @param cwd what a relative path is relative to; absolute
 * @throws {@link UsageError} for what names no target, and where credentials are missing. It repeats no part of a URL but its
 *   scheme: the rest may be secret.
 */
export async function openTarget(url, cwd, access = { env: {} }) {
    return new ResilientTarget(await openPlain(url, cwd, access), access.limits, access.clock);
}
async function openPlain(url, cwd, access) {
    const place = placeOf(url, cwd);
    switch (place.scheme) {
        case 'file':
            return new FileTarget(place.path);
        case 's3': {
            const { openS3 } = await import('./s3.js');
            return openS3(url, access);
        }
        case 'swift': {
            const { openSwift } = await import('./swift.js');
            return await openSwift(url, access);
        }
    }
}
/** Whether two addresses name the same place, as far as one can tell without asking it. */
export function isSamePlace(one, other, cwd) {
    const [first, second] = [one, other].map((url) => {
        const place = placeOf(url, cwd);
        return place.scheme === 'file' ? place.path : url;
    });
    return first === second;
}
function placeOf(url, cwd) {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
    if (scheme === undefined)
        return { scheme: 'file', path: resolve(cwd, checkPath(url)) };
    if (scheme === 'file')
        return { scheme, path: resolve(pathOfFileUrl(url)) };
    if ((scheme === 's3' || scheme === 'swift') && url.includes('://'))
        return { scheme };
    // What stands before the colon may be a user name: "user:password@host". Only what is surely a scheme is repeated.
    const kind = url.includes('://') ? ` of the kind ${scheme}://` : ' like this one';
    throw new UsageError(`There are no targets${kind}.`, {
        hint: `Use ${KNOWN}; put ./ before a relative path that has a colon.`,
    });
}
function checkPath(path) {
    if (path === '')
        throw new UsageError('The target is empty.', { hint: `Name ${KNOWN}.` });
    if (path.includes('\0'))
        throw new UsageError('The path of a target has no NUL in it.');
    if (path === '~' || path.startsWith('~/')) {
        throw new UsageError('The target begins with ~, which only a shell can expand.', {
            hint: 'Write out the path.',
        });
    }
    return path;
}
function pathOfFileUrl(url) {
    const hint = 'Write file:/// and an absolute path, with %23 for #, %3F for ? and %25 for %.';
    if (!url.slice('file:'.length).startsWith('///')) {
        throw new UsageError('A file target needs three slashes: file:///folder.', { hint });
    }
    try {
        if (/[?#]/.test(url))
            throw new TypeError('a query or a fragment');
        return checkPath(fileURLToPath(url));
    }
    catch (cause) {
        if (cause instanceof UsageError)
            throw cause;
        throw new UsageError('The file:// URL of the target is not valid.', { cause, hint });
    }
}
