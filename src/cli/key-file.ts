import {statSync} from 'node:fs';
import {KeyError} from '../errors.ts';

/** @throws {@link KeyError} if others than its owner may read a private key file */
export function assertKeyFileIsPrivate(path: string): void {
  const {mode} = statSync(path);
  if ((mode & 0o077) === 0 || process.platform === 'win32') return;
  throw new KeyError(`Others may read the private key file ${path} (mode ${(mode & 0o777).toString(8)}).`, {
    hint: `Run "chmod 600 ${path}".`,
  });
}
