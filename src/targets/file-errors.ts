import {constants} from 'node:os';
import {PlaceMissingError, TargetError} from './target.ts';

/** What went wrong, in plain words, and what to do about it. */
const WORDS: Readonly<Record<string, readonly [problem: string, hint?: string]>> = {
  ENOSPC: ['the disk is full', 'Make room on it, and run this again.'],
  EDQUOT: ['the disk quota of this user is used up', 'Raise the quota, or make room, and run this again.'],
  EROFS: [
    'the file system is read-only',
    'Look at the log of the system: a disk with errors is often mounted so.',
  ],
  EIO: ['the disk reported an error', 'Check the disk: what is written to it now may be lost.'],
  EACCES: ['permission is denied', 'Give the user that runs Holdfast access to the folder.'],
  EPERM: ['the operation is not permitted', 'Give the user that runs Holdfast access to the folder.'],
  ESTALE: ['the network file system lost its connection to the server', 'Mount it again.'],
  ENOTCONN: ['the file system is not connected any more', 'Mount it again.'],
  ENXIO: ['it is not a regular file'],
  ELOOP: ['it is a symbolic link, which is not followed'],
  ENOTDIR: ['something that is not a folder is in its way'],
  EISDIR: ['a folder has its name'],
  ENAMETOOLONG: ['the name is too long for the file system'],
  EFBIG: ['it is larger than the file system allows'],
};

/** Failures that pass by themselves. EIO is none: after a failed fsync, the next one can lie. */
const TRANSIENT = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT']);

/** Codes for which libuv has no name: it calls them "Unknown system error -122". */
const UNNAMED = new Map([
  [-constants.errno.EDQUOT, 'EDQUOT'],
  [-constants.errno.ESTALE, 'ESTALE'],
]);

/** The name of the system error behind whatever was thrown, such as `ENOENT`. */
export function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const {code, errno, syscall} = cause as NodeJS.ErrnoException;
  if (syscall === undefined) return undefined; // Such as a cancellation, whose code is a number or ABORT_ERR.
  return (errno === undefined ? undefined : UNNAMED.get(errno)) ?? code;
}

/** Whether the error says that there is nothing of that name. */
export function isMissing(cause: unknown): boolean {
  const code = systemCode(cause);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Says what could not be done to what. Errors of ours, cancellations and bugs pass unchanged.
 *
 * @param operation a verb, such as `store`
 */
export function fileTargetError(label: string, operation: string, object: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === undefined) return cause;
  const [problem, hint] = WORDS[code] ?? ['the file system refused it'];
  const message = `Cannot ${operation} ${object === '' ? 'objects' : object} in ${label}: ${problem} (${code}).`;
  return new TargetError(message, {cause, hint, transient: TRANSIENT.has(code)});
}

/** The target's folder does not exist: never taken for an empty repository, and never made by the way. */
export function rootMissingError(label: string, root: string, cause?: unknown): PlaceMissingError {
  return new PlaceMissingError(`The folder ${root} of ${label} is not there.`, {
    cause,
    transient: false,
    hint: 'Check the address, and that its disk is mounted. Only "holdfast init" makes the folder.',
  });
}
