import {mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll} from 'vitest';
import {FileTarget, type FileTargetOptions} from '../../src/targets/file.ts';
import {collect} from '../support/collect.ts';

/** The program that tests kill, or run under strace. */
export const PUT_FOREVER = fileURLToPath(new URL('put-forever.ts', import.meta.url));

/** A folder of this test file, removed at its end. */
export const scratch = await mkdtemp(join(tmpdir(), 'holdfast-file-target-'));
let scratches = 0;

afterAll(() => rm(scratch, {recursive: true, force: true}));

/** A path where nothing is yet. */
export const newFolder = () => join(scratch, String(scratches++));

export async function created(options?: FileTargetOptions): Promise<{root: string; target: FileTarget}> {
  const root = newFolder();
  const target = new FileTarget(root, options);
  await target.create();
  return {root, target};
}

/** The base names of all files below a folder, as the file system shows them. */
export async function files(root: string): Promise<string[]> {
  const entries = await readdir(root, {recursive: true, withFileTypes: true});
  return entries.filter((entry) => !entry.isDirectory()).map(({name}) => name);
}

export async function list(target: FileTarget, prefix = ''): Promise<string[]> {
  return (await collect(target.list(prefix))).map(({name}) => name).sort();
}

/** What a promise is rejected with. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
