import {execFile} from 'node:child_process';
import {chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import {describe, expect, test} from 'vitest';
import type {TreeEntry} from '../../src/repository/tree.ts';
import {
  bytes,
  common,
  enter,
  fileEntry,
  linkEntry,
  open,
  put,
  root,
  victim,
  victimState,
  warnings,
} from '../support/writer-scratch.ts';

describe('hostile entries', () => {
  // D17, incident 6
  test.each(['', '.', '..', '../victim/x', '/tmp/x', 'a/b', 'a\0b', '/'])(
    'the name %j is refused, and the rest goes on',
    (name) => {
      const before = victimState();
      using writer = open();
      expect(put(writer, name, 'x')).toBe(false);
      expect(enter(writer, name)).toBe(false);
      writer.symlink(bytes(name), linkEntry(name, 'x'));
      writer.special(bytes(name), {...common, type: 'fifo', name: bytes(name)});
      expect(writer.hardlink(bytes(name), fileEntry(name, '', {hardlink: 'a'}))).toBe(true);
      expect(put(writer, 'fine', 'x')).toBe(true);
      writer.finish();
      expect(writer.counts).toEqual({written: 1, present: 0, refused: 5});
      expect(readdirSync(root)).toEqual(['fine']);
      expect(victimState()).toEqual(before);
    },
  );

  test.each(['C:\\x', '..\\x', 'x.', ' ', '...', '-rf'])('the name %j is an ordinary one here', (name) => {
    using writer = open();
    expect(put(writer, name, 'x')).toBe(true);
    expect(readdirSync(root)).toEqual([name]);
  });

  // D18, incidents 4 and 5
  test.each(['never', 'changed', 'always'] as const)(
    'nothing is written through a link that was there (%s)',
    (overwrite) => {
      mkdirSync(root);
      symlinkSync(victim, join(root, 'sub'));
      symlinkSync(join(victim, 'precious'), join(root, 'file'));
      const before = victimState();
      using writer = open({overwrite});
      if (enter(writer, 'sub')) {
        put(writer, 'precious', 'overwritten');
        writer.closeDirectory();
      }
      put(writer, 'file', 'overwritten');
      writer.finish();
      expect(victimState()).toEqual(before);
      expect(lstatSync(join(root, 'sub')).isSymbolicLink()).toBe(overwrite === 'never');
      expect(warnings).toHaveLength(overwrite === 'never' ? 2 : 0);
    },
  );

  test.each([undefined, 'inode'])(
    'nothing is written through a link that the snapshot brought (hard link: %s)',
    (hardlink) => {
      const before = victimState();
      using writer = open({overwrite: 'always'});
      writer.symlink(bytes('sub'), linkEntry('sub', victim, hardlink ? {hardlink} : {}));
      if (enter(writer, 'sub')) {
        put(writer, 'precious', 'overwritten');
        writer.closeDirectory();
      }
      writer.symlink(
        bytes('file'),
        linkEntry('file', join(victim, 'precious'), hardlink ? {hardlink: 'other'} : {}),
      );
      put(writer, 'file', 'overwritten');
      writer.finish();
      expect(victimState()).toEqual(before);
      expect(warnings).toHaveLength(2);
      expect(lstatSync(join(root, 'sub')).isDirectory()).toBe(hardlink === undefined);
    },
  );

  test('a hard link never leads out, whoever replaced the first name', () => {
    using writer = open();
    enter(writer, 'a');
    put(writer, 'precious', 'content', {hardlink: 'h'});
    put(writer, 'second', 'content', {hardlink: 'i'});
    writer.closeDirectory();
    rmSync(join(root, 'a/second'));
    symlinkSync(join(victim, 'precious'), join(root, 'a/second'));
    expect(writer.hardlink(bytes('y'), fileEntry('y', 'content', {hardlink: 'i'}))).toBe(false);
    rmSync(join(root, 'a'), {recursive: true});
    symlinkSync(victim, join(root, 'a'));
    expect(writer.hardlink(bytes('x'), fileEntry('x', 'content', {hardlink: 'h'}))).toBe(false);
    expect(writer.hardlink(bytes('z'), fileEntry('z', 'content', {hardlink: 'unknown'}))).toBe(false);
    writer.finish();
    expect(readdirSync(root)).toEqual(['a']);
    expect(statSync(join(victim, 'precious')).nlink).toBe(1);
  });

  // D18: as root, against somebody who may write into the folder above.
  test('a folder that is swapped for a link all the time leads nowhere', async () => {
    mkdirSync(join(root, 'sub'), {recursive: true});
    chmodSync(victim, 0o777);
    const before = victimState();
    const swapper = `
      const fs = require('node:fs'); process.chdir(${JSON.stringify(root)}); let swaps = 0;
      process.on('SIGTERM', () => { console.log(swaps); process.exit(); });
      // Not for longer than the tests: when they are killed, nobody else ends it.
      const spin = () => { if (process.ppid !== ${process.pid}) process.exit(); for (let i = 0; i < 200; i++) try {
        fs.renameSync('sub', 'away'); fs.symlinkSync(${JSON.stringify(victim)}, 'sub');
        fs.unlinkSync('sub'); fs.renameSync('away', 'sub'); swaps++;
      } catch { try { fs.rmSync('sub', {recursive: true, force: true}); fs.mkdirSync('away'); } catch {} try { fs.renameSync('away', 'sub'); } catch {} }
      setImmediate(spin); };
      spin();`;
    const racer = promisify(execFile)(process.execPath, ['-e', swapper]);
    await sleep(100);
    const outcomes = {entered: 0, refused: 0};
    for (const end = Date.now() + 2500; Date.now() < end; ) {
      using writer = open({overwrite: 'always'});
      if (enter(writer, 'sub')) {
        outcomes.entered++;
        for (let i = 0; i < 5; i++) put(writer, `file-${i}`, 'x');
        put(writer, 'precious', 'overwritten', {hardlink: 'h'});
        writer.symlink(bytes('link'), linkEntry('link', '/'));
        writer.closeDirectory();
      } else outcomes.refused++;
      writer.hardlink(bytes('hard'), fileEntry('hard', 'overwritten', {hardlink: 'h'}));
      if (outcomes.entered % 2 === 0) put(writer, 'sub', 'a file in its place');
      writer.finish();
      expect(victimState()).toEqual(before);
    }
    racer.child.kill('SIGTERM');
    expect(Number((await racer).stdout)).toBeGreaterThan(100);
    expect(outcomes.entered).toBeGreaterThan(10);
    expect(outcomes.refused).toBeGreaterThan(0);
  }, 20_000);

  // D21
  test.each([
    [{size: 2 ** 53}],
    [{size: -1}],
    [{size: 10, extents: [[5, 10]]}],
    [
      {
        size: 10,
        extents: [
          [5, 2],
          [1, 2],
        ],
      },
    ],
    [
      {
        size: 10,
        extents: [
          [0, 2],
          [2, 2],
        ],
      },
    ],
    [{size: 10, extents: [[0, 0]]}],
  ] satisfies [Partial<TreeEntry>][])('size and extents that make no sense are refused: %j', (more) => {
    using writer = open();
    expect(writer.file(bytes('x'), fileEntry('x', '', more))).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  test('a file larger than the file system allows is one warning', () => {
    using writer = open();
    const file = writer.file(bytes('x'), fileEntry('x', '', {size: 2 ** 53 - 1, extents: []}));
    const committed = file?.commit();
    if (committed)
      expect(statSync(join(root, 'x')).blocks).toBe(0); // tmpfs takes 8 EiB.
    else expect(warnings).toEqual(['x: it is larger than the file system allows']);
  });

  test.each([
    ['shorter', 'conten'],
    ['longer', 'content!'],
  ])('content %s than it should be never gets its name', (words, content) => {
    using writer = open();
    const file = writer.file(bytes('x'), fileEntry('x', 'content'));
    file?.write(bytes(content));
    expect(file?.commit()).toBe(false);
    expect(warnings).toEqual([`x: its content is ${words} than its size`]);
    expect(readdirSync(root)).toEqual([]);
  });

  test('links with an impossible target, and unknown users, are warnings', () => {
    using writer = open();
    writer.symlink(bytes('empty'), linkEntry('empty', ''));
    writer.symlink(bytes('nul'), linkEntry('nul', 'a\0b'));
    writer.symlink(bytes('long'), linkEntry('long', 'x'.repeat(5000)));
    writer.symlink(bytes('fine'), linkEntry('fine', 'x'));
    writer.finish();
    expect(readdirSync(root)).toEqual(['fine']);
    expect(warnings).toHaveLength(3);
  });
});
