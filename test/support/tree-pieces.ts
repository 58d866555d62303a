/** What nasty trees are made of. */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** Deterministic bytes that do not compress. */
export function noise(size: number, seed: string): Buffer {
  return createHash('shake256', {outputLength: Math.max(size, 1)})
    .update(seed)
    .digest()
    .subarray(0, size);
}

/** Makes nested folders of any total length, with a file at the bottom. */
export function nest(top: string, names: readonly string[]): void {
  mkdirSync(top);
  let fd = openSync(top, constants.O_RDONLY | constants.O_DIRECTORY);
  for (const name of names) {
    mkdirSync(`/proc/self/fd/${fd}/${name}`);
    const next = openSync(`/proc/self/fd/${fd}/${name}`, constants.O_RDONLY | constants.O_DIRECTORY);
    closeSync(fd);
    fd = next;
  }
  writeFileSync(`/proc/self/fd/${fd}/bottom`, 'bottom');
  symlinkSync('bottom', `/proc/self/fd/${fd}/link`);
  closeSync(fd);
}

export function sparse(path: string, size: number, dataAt: readonly number[]): void {
  const fd = openSync(path, 'w');
  for (const offset of dataAt)
    writeSync(fd, noise(Math.min(5000, size - offset), `sparse-${offset}`), 0, undefined, offset);
  ftruncateSync(fd, size);
  closeSync(fd);
}

/** `touch` keeps nanoseconds, which Node does not. */
export function touch(cwd: string, path: string, time: string): void {
  if (!run(cwd, 'touch', '-h', '-d', time, path)) throw new Error(`touch ${path}`);
}

export function run(cwd: string, command: string, ...args: string[]): boolean {
  return spawnSync(command, args, {cwd, stdio: 'ignore'}).status === 0;
}
