import {readFileSync, statSync} from 'node:fs';
import {KeyError} from '../errors.ts';
import {systemWords, whyFailed} from '../system/system-error.ts';

/** @throws {@link KeyError} if it cannot be read, or is a private key (or a share of one) that others may read */
export function readKeyFile(path: string, isPrivate: boolean): Buffer {
  try {
    if (isPrivate) assertKeyFileIsPrivate(path);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof KeyError) throw cause;
    throw new KeyError(`The key file ${path} cannot be read: ${whyFailed(cause)}.`, {
      cause,
      hint: systemWords(cause)?.hint ?? 'Check the path.',
    });
  }
}

function assertKeyFileIsPrivate(path: string): void {
  const {mode} = statSync(path);
  if ((mode & 0o077) === 0 || process.platform === 'win32') return;
  throw new KeyError(`Others may read the private key file ${path} (mode ${(mode & 0o777).toString(8)}).`, {
    hint: `Run "chmod 600 ${path}".`,
  });
}
