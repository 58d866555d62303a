import {existsSync} from 'node:fs';
import {chmod, mkdir, readdir, rename, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {FileTarget} from '../../src/targets/file.ts';
import {TargetError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {describeTarget, someBytes} from './conformance.ts';
import {created, failure, files, list, newFolder} from './scratch.ts';

describeTarget('FileTarget', async () => (await created()).target);
describeTarget('FileTarget without hard links', async () => (await created({hardLinks: false})).target);

// A2, J3
test('everything is 0600 and 0700, whatever the umask, and no partial file stays', async () => {
  for (const umask of [0o000, 0o022, 0o077]) {
    const before = process.umask(umask);
    try {
      const root = join(newFolder(), 'deep', 'er');
      const target = new FileTarget(root);
      await target.create();
      await target.put('app/packs/one', someBytes(10));
      await target.replace('leases/app.json', someBytes(10));
      for (const folder of ['..', '.', 'app', 'app/packs', 'leases']) {
        expect((await stat(join(root, folder))).mode & 0o777, folder).toBe(0o700);
      }
      for (const file of ['app/packs/one', 'leases/app.json']) {
        expect((await stat(join(root, file))).mode & 0o777, file).toBe(0o600);
      }
      expect((await files(root)).sort()).toEqual(['app.json', 'one']);
    } finally {
      process.umask(before);
    }
  }
});

test('create leaves a folder that exists as it is', async () => {
  const {root, target} = await created();
  await chmod(root, 0o755);
  await target.put('one', someBytes(1));
  await target.create();
  expect((await stat(root)).mode & 0o777).toBe(0o755);
  expect(await list(target)).toEqual(['one']);
});

// B19
test('a missing root is an error of each operation but create, and nothing makes it', async () => {
  const root = newFolder();
  const target = new FileTarget(root);
  const calls: Record<string, () => Promise<unknown>> = {
    put: () => target.put('a/b', someBytes(1)),
    replace: () => target.replace('a', someBytes(1)),
    get: () => collect(target.get('a/b')),
    stat: () => target.stat('a/b'),
    list: () => collect(target.list('')),
    'list a/': () => collect(target.list('a/')),
    listFolders: () => collect(target.listFolders('')),
    remove: () => target.remove('a/b'),
    sweep: () => target.sweepPartials(0, Date.now()),
  };
  for (const [operation, call] of Object.entries(calls)) {
    const error = await failure(call());
    expect(error, operation).toBeInstanceOf(TargetError);
    expect(error, operation).toMatchObject({code: 'TARGET', exitCode: 13, transient: false});
    expect(String(error), operation).toContain(`${root} of file://${root} is not there`);
    expect((error as TargetError).hint, operation).toContain('mounted');
    expect(existsSync(root), operation).toBe(false);
  }
});

// B19
test('a root that is another folder than before is an unmounted disk, and stays empty', async () => {
  const {root, target} = await created();
  await target.put('app/packs/one', someBytes(1));
  await rename(root, `${root}-unmounted`);
  await mkdir(root);
  for (const name of ['app/packs/two', 'app/index/three', 'four']) {
    const error = await failure(target.put(name, someBytes(1)));
    expect(error, name).toMatchObject({code: 'TARGET', exitCode: 13});
  }
  expect(await failure(list(target))).toMatchObject({code: 'TARGET', exitCode: 13});
  expect(existsSync(join(root, 'app'))).toBe(false);
});

test('sweeps its own old partial files alone', async () => {
  const {root, target} = await created();
  await target.put('app/one', someBytes(1));
  const uuid = '123e4567-e89b-42d3-a456-426614174000';
  const old = ['one', `x.${uuid}.part`, 'x.claim.part', 'mine.part'];
  for (const name of [...old, `young.${uuid}.part`]) await writeFile(join(root, 'app', name), 'x');
  for (const name of old) await utimes(join(root, 'app', name), 1000, 1000);
  expect(await target.sweepPartials(86_400_000, Date.now())).toBe(2);
  expect((await files(root)).sort()).toEqual(['mine.part', 'one', `young.${uuid}.part`]);
  expect(await list(target)).toEqual(['app/one']);
});

test('a claim that another process does not let go of ends in words, and blocks one name alone', async () => {
  const {root, target} = await created({hardLinks: false});
  await mkdir(join(root, 'app'));
  await writeFile(join(root, 'app/one.claim.part'), '');
  await target.put('app/two', someBytes(1));
  const waiting = failure(target.put('app/one', someBytes(1), {signal: AbortSignal.timeout(300)}));
  expect(await waiting).toMatchObject({name: 'TimeoutError'});
  const put = target.put('app/one', someBytes(1));
  setTimeout(() => void rm(join(root, 'app/one.claim.part')), 200);
  await put;
  expect(await list(target)).toEqual(['app/one', 'app/two']);
});

test('puts and removals of neighbours do not disturb each other', async () => {
  const {root, target} = await created();
  const other = new FileTarget(root);
  await Promise.all(
    Array.from({length: 8}, async (_, worker) => {
      for (let i = 0; i < 40; i++) {
        const [mine, name] = [i % 2 === 0 ? target : other, `app/packs/aa/${worker}-${i}`];
        await mine.put(name, someBytes(10));
        await (i % 3 === 0 ? target : other).remove(name);
      }
    }),
  );
  expect(await readdir(root)).toEqual([]);
});

test('an object that shrinks while it is read is an error', async () => {
  const {root, target} = await created();
  await target.put('large', someBytes(40 * 2 ** 20));
  const reading = async () => {
    for await (const _ of target.get('large')) await writeFile(join(root, 'large'), 'short');
  };
  expect(await failure(reading())).toMatchObject({
    code: 'TARGET',
    message: expect.stringContaining('ended while it was read'),
  });
});
