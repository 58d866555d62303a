/** What a folder may hold: sizes, holes, links, special files, mounts, masses (TESTING.md F6-F12, F16). */
import {execFileSync} from 'node:child_process';
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {Machine} from '../support/machine.ts';
import {mayMount} from '../support/skips.ts';
import {nest} from '../support/tree-pieces.ts';
import {describeTree, noise} from '../support/trees.ts';

let machine: Machine;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const at = (...path: string[]): string => join(machine.source, ...path);

// F6
test('a sparse file of 1 TB takes seconds, and comes back with its holes', async () => {
  const tera = 2 ** 40;
  const places = [0, 2 ** 30 + 1, 2 ** 39 + 12_345, tera - 5000];
  const fd = openSync(at('disk.img'), 'w');
  for (const place of places) writeSync(fd, noise(5000, `${place}`), 0, 5000, place);
  closeSync(fd);
  const {size, blocks} = statSync(at('disk.img'));
  expect(size).toBe(tera);
  const started = performance.now();
  const done = await machine.backup();
  expect(done.bytes.source).toBe(tera);
  expect(done.bytes.read, 'holes are not read').toBeLessThan(1 << 20);
  const to = await machine.restored(done.id);
  expect(performance.now() - started).toBeLessThan(20_000);
  const back = statSync(join(to, 'disk.img'));
  expect(back.size).toBe(tera);
  expect(back.blocks).toBeLessThanOrEqual(blocks + 64);
  const copy = openSync(join(to, 'disk.img'), 'r');
  const piece = Buffer.alloc(5000);
  for (const place of places) {
    readSync(copy, piece, 0, 5000, place);
    expect(piece.equals(noise(5000, `${place}`)), `at ${place}`).toBe(true);
  }
  readSync(copy, piece, 0, 5000, 2 ** 39);
  expect(piece.equals(Buffer.alloc(5000))).toBe(true);
  closeSync(copy);
});

// F7
test('hard links: inside one folder, across folders, with half of them excluded or outside', async () => {
  mkdirSync(at('a'));
  mkdirSync(at('b'));
  const link = (from: string, ...names: string[]): void => {
    writeFileSync(from, `content of ${from}`);
    for (const name of names) linkSync(from, name);
  };
  link(at('a/inside'), at('a/inside-too'));
  link(at('a/across'), at('b/across'), at('top'));
  link(at('a/half'), at('b/half.tmp'), at('b/half'));
  link(at('a/outside'), join(machine.folder, 'outside'));
  const exclude = ['*.tmp'];
  const done = await machine.backup({}, {exclude});
  expect(done.warnings).toEqual([]);
  const to = await machine.restored(done.id);
  const inode = (path: string): number => lstatSync(join(to, path)).ino;
  expect(inode('a/inside')).toBe(inode('a/inside-too'));
  expect(new Set(['a/across', 'b/across', 'top'].map(inode)).size).toBe(1);
  expect(inode('a/half')).toBe(inode('b/half'));
  expect(lstatSync(join(to, 'a/half')).nlink).toBe(2);
  expect(lstatSync(join(to, 'a/outside')).nlink).toBe(1);
  expect(readdirSync(join(to, 'b'))).not.toContain('half.tmp');

  // A link that comes later joins what is there.
  linkSync(at('a/inside'), at('b/later'));
  const next = await machine.backup({}, {exclude});
  const again = await machine.restored(next.id);
  expect(lstatSync(join(again, 'b/later')).ino).toBe(lstatSync(join(again, 'a/inside-too')).ino);
});

// F10
test('sockets are told and left out; FIFOs and devices are kept and never opened', async () => {
  execFileSync('mkfifo', [at('fifo')]);
  execFileSync('python3', [
    '-c',
    'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
    at('sock'),
  ]);
  if (process.geteuid?.() === 0) execFileSync('mknod', [at('zero'), 'c', '1', '5']);
  symlinkSync('nowhere', at('dangling'));
  symlinkSync('loop', at('loop'));
  const done = await machine.backup();
  expect(done.warnings).toEqual([]);
  expect(machine.notes).toEqual(['files: sock: a socket, which cannot be backed up']);
  expect(describeTree(await machine.restored(done.id))).toEqual(describeTree(machine.source));
});

// F12
test('sizes around every limit: chunk, read step, frame, pack', async () => {
  const packBytes = 3 << 20;
  const limits = [1, 4096, 65_536, 262_144, 524_288, 1 << 20, 2 << 20, packBytes, 2 * packBytes];
  for (const limit of limits)
    for (const size of [limit - 1, limit, limit + 1]) {
      writeFileSync(at(`noise-${size}`), noise(size, `size-${size}`));
      if (size > 4000) writeFileSync(at(`zeros-${size}`), Buffer.alloc(size));
    }
  const expected = describeTree(machine.source);
  const done = await machine.backup({}, {}, {packBytes});
  expect(describeTree(await machine.restored(done.id))).toEqual(expected);
  expect(await machine.verify()).toMatchObject({ok: true});
  expect(await machine.backup(), 'all of it is known').toMatchObject({
    entries: {unchanged: expected.length - 1},
  });
});

// F11
describe('masses', () => {
  test('100,000 files in one directory', async () => {
    execFileSync('python3', ['-c', MANY, machine.source]);
    const before = process.memoryUsage.rss();
    const full = await machine.backup();
    expect(full).toMatchObject({entries: {total: 100_000, new: 100_000}, warnings: []});
    writeFileSync(at('file-050000'), 'changed');
    rmSync(at('file-000001'));
    const next = await machine.backup();
    expect(next.entries).toMatchObject({changed: 1, removed: 1, new: 0, total: 99_999});
    // A directory is cut into parts (docs/format.md): one change must not store all of it again.
    expect(next.bytes.new).toBeLessThan(2 << 20);
    expect(process.memoryUsage.rss() - before).toBeLessThan(600 << 20);
    const to = join(machine.folder, 'one');
    await machine.restore(String(next.id), to, {include: (path) => path.toString().startsWith('file-05000')});
    expect(readdirSync(to)).toHaveLength(10);
  });

  test('a thousand folders deep', async () => {
    nest(
      at('deep'),
      Array.from({length: 1000}, (_, level) => `level-${level}`),
    );
    const done = await machine.backup();
    expect(done).toMatchObject({warnings: [], entries: {total: 1003}});
    expect(describeTree(await machine.restored(done.id))).toEqual(describeTree(machine.source));
    expect(await machine.backup()).toMatchObject({entries: {total: 1003, changed: 0, new: 0}});
  });
});

const MANY = `import os,sys
for i in range(100000):
    with open(os.path.join(sys.argv[1], "file-%06d" % i), "w") as f: f.write(str(i % 1000))`;

// F16
describe('mounts', () => {
  let mounted: string[] = [];
  const mounts = mayMount('mounts inside a source (F16)');

  function mount(...parameters: string[]): void {
    execFileSync('mount', parameters);
    mounted.push(parameters.at(-1) as string);
  }
  afterEach(() => {
    for (const place of mounted.reverse()) execFileSync('umount', [place]);
    mounted = [];
  });

  test.runIf(mounts)('another file system is entered, or left out and told with oneFileSystem', async () => {
    mkdirSync(at('mnt'));
    writeFileSync(at('here'), 'here');
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at('mnt'));
    writeFileSync(at('mnt/there'), 'there');
    const whole = await machine.backup();
    expect(readdirSync(join(await machine.restored(whole.id), 'mnt'))).toEqual(['there']);
    const one = await machine.backup({}, {oneFileSystem: true});
    expect(machine.notes).toEqual(['files: mnt: another file system, its content is left out']);
    expect(one.entries.removed).toBe(1);
    const to = await machine.restored(one.id);
    expect(readdirSync(join(to, 'mnt'))).toEqual([]);
    expect(readdirSync(to)).toEqual(['here', 'mnt']);
  });

  test.runIf(mounts)('a folder that is mounted into itself ends', async () => {
    mkdirSync(at('loop'));
    writeFileSync(at('file'), 'file');
    mount('--bind', machine.source, at('loop'));
    const done = await machine.backup();
    expect(done.warnings).toEqual([]);
    expect(readdirSync(join(await machine.restored(done.id), 'loop')).sort()).toEqual(['file', 'loop']);
  });
});

test('a file that was sparse and is cut short between backups comes back so', async () => {
  writeFileSync(at('file'), noise(100_000, 'x'));
  truncateSync(at('file'), 5 << 20);
  await machine.backup();
  truncateSync(at('file'), 50_000);
  const {id} = await machine.backup();
  expect(describeTree(await machine.restored(id))).toEqual(describeTree(machine.source));
});
