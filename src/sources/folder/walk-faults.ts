/** What goes wrong with single entries of a walk. */
import {whyFailed} from '../../system/system-error.ts';
import {ReplacedError} from './read-file.ts';

export const REPLACED = 'it was replaced by something else while the folder was walked';

/** Whether it is the source's fault, so that the entry is left out and the rest goes on; any other failure ends the run. */
export function isSourceFault(error: unknown): boolean {
  return (
    error instanceof ReplacedError ||
    (error instanceof Error && 'syscall' in error && !('transient' in error))
  );
}

/** Why an entry is left out, for people. */
export function faultText(error: unknown): string {
  const {code, message} = error as NodeJS.ErrnoException;
  if (error instanceof ReplacedError) return message;
  if (code === 'ENOENT') return 'it vanished while the folder was walked';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR') return REPLACED;
  return `it cannot be read: ${whyFailed(error)}`;
}
