import {systemCode, systemWords} from '../system/system-error.ts';
import {PlaceMissingError, TargetError} from './target.ts';

/** What is another thing here than elsewhere: objects are opened without following links, and without waiting for a FIFO's writer. */
const WORDS: Readonly<Record<string, string>> = {
  ENXIO: 'it is not a regular file',
  ELOOP: 'it is a symbolic link, which is not followed',
};

/** Failures that pass by themselves. EIO is none: after a failed fsync, the next one can lie. */
const TRANSIENT = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT']);

/**
 * Says what could not be done to what. Errors of ours, cancellations and bugs pass unchanged.
 *
 * @param operation a verb, such as `store`
 */
export function fileTargetError(label: string, operation: string, object: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === undefined) return cause;
  const words = systemWords(cause);
  const problem = WORDS[code] ?? words?.problem ?? 'the file system refused it';
  const message = `Cannot ${operation} ${object === '' ? 'objects' : object} in ${label}: ${problem} (${code}).`;
  return new TargetError(message, {cause, hint: words?.hint, transient: TRANSIENT.has(code)});
}

/** The target's folder does not exist: never taken for an empty repository, and never made by the way. */
export function rootMissingError(label: string, root: string, cause?: unknown): PlaceMissingError {
  return new PlaceMissingError(`The folder ${root} of ${label} is not there.`, {
    cause,
    transient: false,
    hint: 'Check the address, and that its disk is mounted. Only "holdfast init" makes the folder.',
  });
}
