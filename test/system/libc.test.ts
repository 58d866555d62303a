import {execFileSync, spawnSync} from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {joinDevice, loadLibc, splitDevice} from '../../src/system/libc.ts';
import {asRoot} from '../support/skips.ts';

const libc = loadLibc();

test.runIf(process.platform === 'linux')('is there on Linux', () => {
  expect(libc).toBeDefined();
});

describe.runIf(libc)('libc', () => {
  if (libc === undefined) return;
  let folder: string;
  const at = (name: string): Buffer => Buffer.from(join(folder, name));
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-libc-'));
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  test('sets, lists, reads and removes extended attributes, by path and by descriptor', () => {
    const file = at('xattrs');
    writeFileSync(file, 'x');
    expect(libc.listXattrs(file)).toEqual([]);
    expect(libc.readXattrs(file)).toBeUndefined();
    const value = Buffer.from([0, 255, 10, 61]);
    libc.setXattr(file, 'user.b', value);
    libc.setXattr(file, 'user.größe', Buffer.alloc(0));
    libc.setXattr(file, 'user.a', Buffer.from('a'));
    libc.setXattr(file, 'user.__proto__', Buffer.from('p'));
    const expected = {
      'user.__proto__': Buffer.from('p'),
      'user.a': Buffer.from('a'),
      'user.b': value,
      'user.größe': Buffer.alloc(0),
    };
    expect(libc.readXattrs(file)).toEqual(expected);
    const fd = openSync(file, 'r');
    expect(libc.readXattrs(fd)).toEqual(expected);
    libc.removeXattr(fd, 'user.a');
    expect(libc.listXattrs(file).sort()).toEqual(['user.__proto__', 'user.b', 'user.größe']);
    closeSync(fd);
  });

  test('what it reads is what getfattr shows', ({skip}) => {
    if (spawnSync('getfattr', ['--version']).error) skip('getfattr is missing');
    const file = at('oracle');
    writeFileSync(file, 'x');
    libc.setXattr(file, 'user.bytes', Buffer.from([1, 2, 0, 254]));
    expect(
      execFileSync('getfattr', ['-d', '-e', 'hex', file.toString()], {encoding: 'utf8', stdio: 'pipe'}),
    ).toContain('user.bytes=0x010200fe');
  });

  test('a value handed out does not change with the next call', () => {
    const file = at('owned');
    writeFileSync(file, 'x');
    libc.setXattr(file, 'user.a', Buffer.from('first'));
    const value = libc.getXattr(file, 'user.a');
    libc.setXattr(file, 'user.a', Buffer.from('other'));
    libc.getXattr(file, 'user.a');
    expect(value.toString()).toBe('first');
  });

  test('never follows a link', () => {
    writeFileSync(at('target'), 'x');
    symlinkSync('target', at('link'));
    libc.setXattr(at('target'), 'user.a', Buffer.from('a'));
    expect(libc.listXattrs(at('link'))).toEqual([]);
    expect(() => libc.setXattr(at('link'), 'user.b', Buffer.from('b'))).toThrow(
      expect.objectContaining({code: 'EPERM'}),
    );
    const before = lstatSync(at('target'), {bigint: true}).mtimeNs;
    libc.setTimes(at('link'), 1n, 2n);
    expect(lstatSync(at('target'), {bigint: true}).mtimeNs).toBe(before);
    expect(lstatSync(at('link'), {bigint: true}).mtimeNs).toBe(2n);
  });

  test.each([
    ['ENODATA', () => libc.getXattr(at('target'), 'user.none')],
    ['ENOTSUP', () => libc.setXattr(at('target'), 'nonsense.a', Buffer.from('a'))],
    ['ENOENT', () => libc.listXattrs(at('none'))],
    ['E2BIG', () => libc.setXattr(at('target'), 'user.big', Buffer.alloc(65_537))],
    ['EINVAL', () => libc.listXattrs(Buffer.from('a\0b'))],
    ['ENAMETOOLONG', () => libc.listXattrs(Buffer.alloc(5000, 0x61))],
    ['EBADF', () => libc.setTimes(987_654, 0n, 0n)],
  ])('fails with %s', (code, action) => {
    expect(action).toThrow(expect.objectContaining({code}));
  });

  // M11, F14: Node's utimes would lose nanoseconds.
  test.each([
    1_795_141_800_123_456_789n,
    -1n,
    0n,
    -2_147_471_999_999_999_999n,
    2_147_483_648_987_654_321n,
    9_214_646_399_123_456_789n,
  ])('sets the time %d exactly', (time) => {
    const file = at('times');
    writeFileSync(file, 'x');
    libc.setTimes(file, time, time);
    expect(lstatSync(file, {bigint: true})).toMatchObject({atimeNs: time, mtimeNs: time});
    const fd = openSync(file, 'r');
    libc.setTimes(fd, time + 1n, time - 1n);
    closeSync(fd);
    expect(lstatSync(file, {bigint: true})).toMatchObject({atimeNs: time + 1n, mtimeNs: time - 1n});
  });

  test('finds the data of a sparse file', () => {
    const extentsOf = (size: number, data: readonly number[]): [number, number][] => {
      const fd = openSync(at('sparse'), 'w+');
      for (const offset of data) writeSync(fd, Buffer.alloc(65_536, 1), 0, 65_536, offset);
      ftruncateSync(fd, size);
      const extents = libc.dataExtents(fd, size);
      closeSync(fd);
      return extents;
    };
    const mebi = 1 << 20;
    expect(extentsOf(0, [])).toEqual([]);
    expect(extentsOf(5 * mebi, [])).toEqual([]);
    expect(extentsOf(65_536, [0])).toEqual([[0, 65_536]]);
    expect(extentsOf(5 * mebi, [mebi, 3 * mebi])).toEqual([
      [mebi, 65_536],
      [3 * mebi, 65_536],
    ]);
    expect(extentsOf(5 * mebi, [0])).toEqual([[0, 65_536]]);
    expect(extentsOf(6_000_000_000_000, [5_000_000_000_000])).toEqual([
      [5_000_000_000_000 - (5_000_000_000_000 % 4096), expect.any(Number)],
    ]);
  });

  test.runIf(asRoot('making devices'))('makes FIFOs and devices', () => {
    libc.makeNode(at('fifo'), 0o010600);
    expect(lstatSync(at('fifo')).isFIFO()).toBe(true);
    try {
      libc.makeNode(at('device'), 0o060600, [259, 70_000]);
    } catch (error) {
      expect(error).toMatchObject({code: 'EPERM'}); // A container without the right to.
      return;
    }
    const stats = lstatSync(at('device'), {bigint: true});
    expect(stats.isBlockDevice()).toBe(true);
    expect(splitDevice(stats.rdev)).toEqual([259, 70_000]);
    expect(() => libc.makeNode(at('device'), 0o010600)).toThrow(expect.objectContaining({code: 'EEXIST'}));
  });

  test('device numbers survive', () => {
    const part = fc.integer({min: 0, max: 2 ** 32 - 1});
    fc.assert(
      fc.property(part, part, (major, minor) => {
        expect(splitDevice(joinDevice([major, minor]))).toEqual([major, minor]);
      }),
    );
    expect(joinDevice([1, 3])).toBe(0x103n);
  });
});
