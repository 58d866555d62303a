/** Errors of system calls in words: the one place where `ENOSPC` becomes "the disk is full". */
import {constants} from 'node:os';

export interface SystemWords {
  /** Follows a colon: `Cannot write x: the disk is full.` */
  readonly problem: string;
  /** What to do next, as one imperative sentence. */
  readonly hint: string;
}

const PATH = 'Check the path.';
const RIGHTS = 'Check the owner and the mode, or run as another user.';
const ROOM = 'Make room on the disk, then run it again.';
const IN_USE = 'Stop what uses it, then run it again.';
const LOST = 'Mount it again.';
const PLACE = 'Use a place on another file system.';

const WORDS: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOSPC: ['the disk is full', ROOM],
  EDQUOT: ['the disk quota of this user is used up', 'Raise the quota, or make room, then run it again.'],
  EFBIG: ['it is larger than the file system allows', PLACE],
  EROFS: [
    'the file system is read-only',
    'Look at the log of the system: a disk with errors is often mounted so.',
  ],
  EIO: ['the disk reported an error', 'Check the disk: the log of the system (dmesg) says more.'],
  ENODEV: ['the device is gone', 'Check the disk: the log of the system (dmesg) says more.'],
  EACCES: ['permission denied', RIGHTS],
  EPERM: ['not permitted', RIGHTS],
  ENOENT: ['no such file or folder', PATH],
  ENOTDIR: ['something that is not a folder is in its way', PATH],
  EISDIR: ['it is a folder', PATH],
  EEXIST: ['it exists already', 'Choose another name, or remove it first.'],
  ENOTEMPTY: ['the folder is not empty', 'Choose another name, or remove it first.'],
  ELOOP: ['too many symbolic links', PATH],
  ENAMETOOLONG: ['the name is too long for the file system', 'Choose a shorter one.'],
  ENOTSUP: ['the file system does not support it', PLACE],
  EOPNOTSUPP: ['the file system does not support it', PLACE],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n), then run it again.'],
  ENFILE: ['too many open files on this machine', 'Stop what keeps them open, then run it again.'],
  ENOMEM: ['out of memory', 'Give the machine more memory, then run it again.'],
  EBUSY: ['it is in use', IN_USE],
  ETXTBSY: ['it is in use', IN_USE],
  ESTALE: ['the network file system lost its connection to the server', LOST],
  ENOTCONN: ['the file system is not connected any more', LOST],
};

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

/** Undefined if it is no system error, or one that we have no words for. */
export function systemWords(cause: unknown): SystemWords | undefined {
  const [problem, hint] = WORDS[systemCode(cause) ?? ''] ?? [];
  return problem === undefined || hint === undefined ? undefined : {problem, hint};
}

/** Why something failed, for the middle of a sentence: in our words, else in those of whoever threw it. */
export function whyFailed(cause: unknown): string {
  const code = systemCode(cause);
  if (code !== undefined) return systemWords(cause)?.problem ?? `the system refused it (${code})`;
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
}
