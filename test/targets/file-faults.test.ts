import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, readFile} from 'node:fs/promises';
import {describe, expect, test} from 'vitest';
import {FileTarget} from '../../src/targets/file.ts';
import {readObject} from '../../src/targets/read.ts';
import {collect} from '../support/collect.ts';
import {leftOut} from '../support/skips.ts';
import {someBytes} from './conformance.ts';
import {created, failure, files, list, newFolder, PUT_FOREVER} from './scratch.ts';

/** Mounts a tmpfs; undefined, and said aloud, where that is not permitted. */
async function mountTmpfs(suite: string, options: string) {
  const folder = newFolder();
  await mkdir(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'holdfast-test', folder], {stdio: 'pipe'});
  } catch {
    leftOut(suite, 'mount is not permitted; run the tests as root');
    return undefined;
  }
  return {
    folder,
    remount: (mode: string) => execFileSync('mount', ['-o', `remount,${mode}`, folder]),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', folder]),
  };
}

// B17
test('a full disk is a target error, and leaves no part of an object', async () => {
  using mounted = await mountTmpfs('FileTarget on a full disk', 'size=1m');
  if (mounted === undefined) return;
  const target = new FileTarget(mounted.folder);
  await target.put('app/small', someBytes(400_000));
  for (const write of [
    () => target.put('app/large', someBytes(900_000)),
    () => target.replace('app/small', someBytes(900_000)),
  ]) {
    const error = await failure(write());
    expect(error).toMatchObject({code: 'TARGET', exitCode: 13, transient: false});
    expect(String(error)).toMatch(
      /^TargetError: Cannot store app\/\w+ in file:\/\/.*: the disk is full \(ENOSPC\)\.$/,
    );
  }
  expect(await files(mounted.folder)).toEqual(['small']);
  expect(await readObject(target, 'app/small', {maxBytes: 500_000})).toHaveLength(400_000);
  await target.put('app/fits', someBytes(400_000));
});

// B18
test('a read-only file system is a target error', async () => {
  using mounted = await mountTmpfs('FileTarget on a read-only file system', 'size=1m');
  if (mounted === undefined) return;
  const target = new FileTarget(mounted.folder);
  await target.put('app/one', someBytes(10));
  mounted.remount('ro');
  for (const write of [() => target.put('app/two', someBytes(1)), () => target.remove('app/one')]) {
    const error = await failure(write());
    expect(error).toMatchObject({code: 'TARGET', exitCode: 13, transient: false});
    expect(String(error)).toContain('the file system is read-only (EROFS)');
  }
  expect(await readObject(target, 'app/one', {maxBytes: 10})).toHaveLength(10);
});

// B17, B18
describe('errors that strace makes the system answer', () => {
  const isTraceable = (() => {
    try {
      execFileSync('strace', ['-o', '/dev/null', 'true'], {stdio: 'pipe'});
      return true;
    } catch {
      leftOut('FileTarget under strace', 'strace is not installed, or not permitted');
      return false;
    }
  })();

  // strace counts the calls of each thread apart.
  const oneThread = {...process.env, UV_THREADPOOL_SIZE: '1'};

  test.runIf(isTraceable).each([
    ['fsync:error=EIO:when=5', 'the disk reported an error (EIO)'], // The object's; those of its new folders come before.
    ['fsync:error=EIO:when=1', 'the disk reported an error (EIO)'],
    ['link:error=EDQUOT', 'the disk quota of this user is used up (EDQUOT)'],
    ['link:error=ESTALE', 'lost its connection to the server (ESTALE)'],
    ['mkdir:error=EACCES', 'permission denied (EACCES)'],
  ])('%s', async (injected, words) => {
    const {root} = await created();
    const output = execFileSync(
      'strace',
      [
        '-f',
        '-o',
        '/dev/null',
        '-e',
        `trace=${injected.replace(/:.*/, '')}`,
        '-e',
        `inject=${injected}`,
        process.execPath,
        PUT_FOREVER,
        root,
        '1',
      ],
      {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env: oneThread},
    );
    const error: unknown = JSON.parse(output);
    expect(error).toMatchObject({exitCode: 13, transient: false, hint: expect.any(String)});
    expect(error).toMatchObject({message: expect.stringContaining(words)});
    expect(error).toMatchObject({
      message: expect.stringMatching(/^Cannot store app\/g\/packs\/0\/\S+ in file:\/\//),
    });
    expect(await files(root)).toEqual([]);
  });

  test.runIf(isTraceable)('bytes, name and folder reach the disk in this order', async () => {
    const {root} = await created();
    const log = `${root}.log`;
    execFileSync('strace', [
      '-f',
      '-y',
      '-o',
      log,
      '-e',
      'trace=link,fsync,unlink',
      process.execPath,
      PUT_FOREVER,
      root,
      '2',
    ]);
    const calls = (await readFile(log, 'utf8'))
      .split('\n')
      .filter((line) => line.includes(root) && !line.includes('resumed'));
    const steps = calls.map((line) => {
      const [, call = '', path = ''] = /(link|fsync|unlink)\((?:\d+<|")([^>"]+)/.exec(line) ?? [];
      return `${call} ${path
        .slice(root.length)
        .replace(/\d+-(\d)/, '$1')
        .replace(/[0-9a-f-]{36}\.part$/, 'part')}`;
    });
    const put = (folder: string, name: string) => [
      `fsync ${folder}/${name}.part`,
      `link ${folder}/${name}.part`,
      `unlink ${folder}/${name}.part`,
      `fsync ${folder}`,
    ];
    expect(steps).toEqual([
      ...['', '/app', '/app/g', '/app/g/packs'].map((folder) => `fsync ${folder}`),
      ...put('/app/g/packs/0', '0'),
      'fsync /app/g/packs',
      ...put('/app/g/packs/1', '1'),
    ]);
  });

  test.runIf(isTraceable)('a file system without hard links keeps objects, too', async () => {
    const {root, target} = await created();
    const inject = ['-f', '-o', '/dev/null', '-e', 'trace=link', '-e', 'inject=link:error=EPERM'];
    const output = execFileSync('strace', [...inject, process.execPath, PUT_FOREVER, root, '3'], {
      encoding: 'utf8',
    });
    expect(output.trim().split('\n').sort()).toEqual(await list(target));
    expect(await files(root)).toHaveLength(3);
  });
});

// A2
test('kill -9 at any moment leaves only whole objects, and all that were acknowledged', async () => {
  const {root, target} = await created();
  const sizeBytes = 3_000_000;
  const acknowledged: string[] = [];
  let partials = 0;
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [PUT_FOREVER, root, 'Infinity', String(sizeBytes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(child.stdout, 'data');
    setTimeout(() => child.kill('SIGKILL'), 7 * round);
    await once(child, 'close');
    acknowledged.push(...output.slice(0, output.lastIndexOf('\n')).split('\n'));
    partials = (await files(root)).filter((name) => name.endsWith('.part')).length;
  }
  const infos = await collect(target.list(''));
  expect(infos.filter((info) => info.sizeBytes !== sizeBytes)).toEqual([]);
  const stored = new Set(infos.map(({name}) => name));
  expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
  expect(partials, 'killed in the middle of a put at least once').toBeGreaterThan(0);
  expect(await target.sweepPartials(86_400_000, Date.now())).toBe(0);
  expect(await target.sweepPartials(86_400_000, Date.now() + 90_000_000)).toBe(partials);
  expect((await files(root)).filter((name) => name.endsWith('.part'))).toEqual([]);
}, 60_000);
