import {resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {UsageError} from '../errors.ts';
import {FileTarget} from './file.ts';
import type {Target} from './target.ts';

/** Schemes that a later version will serve. */
const PLANNED = new Set(['s3', 'swift']);
const KNOWN = 'file:///folder, or the path of a folder';

/**
 * Opens the place that a URL or a path names. It does not look whether anything is there.
 *
 * @param url `file:///folder`, or the path of a folder; `./a:b` where a relative path has a colon
 * @param cwd what a relative path is relative to; absolute
 * @throws {@link UsageError} for what names no target. It repeats no part of a URL but its scheme: the rest may be secret.
 */
export function openTarget(url: string, cwd: string): Target {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return new FileTarget(resolve(cwd, checkPath(url)));
  if (scheme === 'file') return new FileTarget(pathOfFileUrl(url));
  if (PLANNED.has(scheme)) {
    throw new UsageError(`Targets of the kind ${scheme}:// are not supported by this version yet.`, {
      hint: `Use ${KNOWN}.`,
    });
  }
  // What stands before the colon may be a user name: "user:password@host". Only what is surely a scheme is repeated.
  const kind = url.includes('://') ? ` of the kind ${scheme}://` : ' like this one';
  throw new UsageError(`There are no targets${kind}.`, {
    hint: `Use ${KNOWN}; put ./ before a relative path that has a colon.`,
  });
}

function checkPath(path: string): string {
  if (path === '') throw new UsageError('The target is empty.', {hint: `Name ${KNOWN}.`});
  if (path.includes('\0')) throw new UsageError('The path of a target has no NUL in it.');
  if (path === '~' || path.startsWith('~/')) {
    throw new UsageError('The target begins with ~, which only a shell can expand.', {
      hint: 'Write out the path.',
    });
  }
  return path;
}

function pathOfFileUrl(url: string): string {
  const hint = 'Write file:/// and an absolute path, with %23 for #, %3F for ? and %25 for %.';
  if (!url.slice('file:'.length).startsWith('///')) {
    throw new UsageError('A file target needs three slashes: file:///folder.', {hint});
  }
  try {
    if (/[?#]/.test(url)) throw new TypeError('a query or a fragment');
    return checkPath(fileURLToPath(url));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError('The file:// URL of the target is not valid.', {cause, hint});
  }
}
