/** Writes a config anew: whole or not at all, with the owner and the rights it had. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {ConfigError} from '../errors.ts';
import {whyFailed} from '../system/system-error.ts';

/** @throws {@link ConfigError} if it cannot be written; then the old one is as it was */
export function writeConfigFile(path: string, text: string): void {
  let part = '';
  try {
    const real = realpathSync(path);
    part = `${real}.part`;
    const {mode, uid, gid} = statSync(real);
    rmSync(part, {force: true});
    const file = openSync(part, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fchownSync(file, uid, gid);
      fchmodSync(file, mode & 0o7777);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, real);
  } catch (cause) {
    if (part !== '') rmSync(part, {force: true});
    throw new ConfigError(`The config ${path} cannot be written: ${whyFailed(cause)}.`, {
      cause,
      hint: 'Run it as the user it belongs to, or write down yourself what the plan says.',
    });
  }
}
