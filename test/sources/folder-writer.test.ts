import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {describe, expect, test} from 'vitest';
import {RestoreError} from '../../src/errors.ts';
import {copyInto, entryOf} from '../support/copy-tree.ts';
import {asRoot, mayMount} from '../support/skips.ts';
import {describeTree, editNastyTree, makeNastyTree, noise} from '../support/trees.ts';
import {
  bytes,
  common,
  enter,
  fileEntry,
  linkEntry,
  open,
  put,
  read,
  root,
  scratch,
  setRoot,
  warnings,
} from '../support/writer-scratch.ts';

const COPY_TREE = join(import.meta.dirname, '../support/copy-tree.ts');

describe('a nasty tree', () => {
  // F6-F10, F14, M8, M11
  test('comes back identical in every attribute, twice, whatever the umask', () => {
    const from = join(scratch, 'from');
    mkdirSync(from);
    const can = makeNastyTree(from, {large: false});
    const umask = process.umask(can.root ? 0o777 : 0o077); // 777 closes to a user what they make.
    try {
      for (const edited of [false, true]) {
        if (edited) editNastyTree(from);
        setRoot(join(scratch, `root-${edited}`));
        using writer = open();
        copyInto(writer, from);
        writer.finish(entryOf(Buffer.from(from), Buffer.from('.')));
        expect(warnings, JSON.stringify(can)).toEqual([]);
        expect(describeTree(root)).toEqual(describeTree(from));
      }
    } finally {
      process.umask(umask);
    }
  }, 60_000);

  // A12
  test('a restore killed at any moment leaves whole files only, and the next run completes it', async () => {
    const from = join(scratch, 'from');
    mkdirSync(from);
    makeNastyTree(from, {large: false});
    for (let i = 0; i < 8; i++) writeFileSync(join(from, `big-${i}`), noise(3 << 20, `big-${i}`));
    const expected = describeTree(from);
    const hashes = new Map(expected.map((entry) => [entry.path, entry]));
    let partial = 0;
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [COPY_TREE, from, root], {stdio: 'ignore'});
      const exited = new Promise((resolve) => child.once('exit', resolve));
      while (!existsSync(root)) await sleep(1);
      await sleep(round === 0 ? 0 : 60 + round * 15); // From the second round on, it first has to start.
      child.kill('SIGKILL');
      await exited;
      const found = describeTree(root).filter(({path}) => !/\.holdfast-[0-9a-f]{24}\.part$/.test(path));
      for (const entry of found)
        if (entry.type === 'file') expect(entry).toMatchObject(withoutLinks(hashes.get(entry.path)));
      if (found.length < expected.length) partial++;
    }
    expect(partial).toBeGreaterThan(0);
    using writer = open();
    copyInto(writer, from);
    writer.finish(entryOf(Buffer.from(from), Buffer.from('.')));
    expect(warnings).toEqual([]);
    expect(describeTree(root)).toEqual(expected);
  }, 60_000);

  test.runIf(asRoot('restoring as another user'))(
    'not as root, says once per kind what it cannot bring back',
    () => {
      const from = join(scratch, 'from');
      mkdirSync(from);
      const can = makeNastyTree(from, {large: false, smallFiles: 20});
      rmSync(join(from, 'modes'), {recursive: true});
      chmodSync(scratch, 0o777);
      const run = (): {warnings: [string, string][]; counts: {refused: number}} =>
        JSON.parse(
          execFileSync(process.execPath, [COPY_TREE, from, root, 'changed', '65534'], {encoding: 'utf8'}),
        );
      const first = run();
      const kinds = first.warnings.map(([, problem]) => problem);
      expect(kinds.some((kind) => kind.includes('security.capability'))).toBe(can.capabilities);
      expect(kinds.length).toBeLessThan(10);
      expect(run().counts.refused).toBe(first.counts.refused);
      const owners = new Set(describeTree(root).map(({uid}) => uid));
      expect([...owners]).toEqual([65534]);
    },
  );
});

function withoutLinks<T extends object>(entry: T | undefined): Partial<T> {
  const {links: _, ...rest} = (entry ?? {}) as T & {links?: string};
  return rest as Partial<T>;
}

describe('files and links', () => {
  test('a file that is still being written when its folder is closed is completed, and times come last', () => {
    using writer = open();
    enter(writer, 'a');
    enter(writer, 'b');
    const file = writer.file(bytes('late'), fileEntry('late', 'content'));
    writer.closeDirectory();
    writer.closeDirectory();
    put(writer, 'meanwhile', 'x');
    for (const byte of 'content') file?.write(bytes(byte));
    expect(readdirSync(join(root, 'a/b'))).not.toContain('late');
    expect(file?.commit()).toBe(true);
    writer.finish();
    expect(read('a/b/late')).toBe('content');
    for (const path of ['a', 'a/b', 'a/b/late'])
      expect(lstatSync(join(root, path), {bigint: true}).mtimeNs).toBe(common.mtimeNs);
  });

  test('an aborted file, and an abandoned writer, leave nothing behind', () => {
    const writer = open();
    writer.file(bytes('x'), fileEntry('x', 'content'))?.abort();
    enter(writer, 'a');
    writer.file(bytes('y'), fileEntry('y', 'content'));
    writer[Symbol.dispose]();
    expect(readdirSync(root, {recursive: true})).toEqual(['a']);
    const descriptors = readdirSync('/proc/self/fd').length;
    open()[Symbol.dispose]();
    expect(readdirSync('/proc/self/fd')).toHaveLength(descriptors);
  });

  test('hard links are made across folders, and kept by a second run', () => {
    for (const expected of [
      {written: 4, present: 0, refused: 0},
      {written: 0, present: 4, refused: 0},
    ]) {
      using writer = open();
      enter(writer, 'a');
      put(writer, 'first', 'content', {hardlink: 'h'});
      writer.closeDirectory();
      enter(writer, 'b');
      expect(writer.hardlink(bytes('second'), fileEntry('second', 'content', {hardlink: 'h'}))).toBe(true);
      writer.closeDirectory();
      writer.finish();
      expect(writer.counts).toEqual(expected);
    }
    expect(statSync(join(root, 'a/first')).ino).toBe(statSync(join(root, 'b/second')).ino);
    expect(lstatSync(join(root, 'b/second'), {bigint: true}).mtimeNs).toBe(common.mtimeNs);
  });

  // D20
  test('without "special" and "owners", neither setuid bits nor devices nor security attributes come back', () => {
    using writer = open({special: false, owners: false});
    put(writer, 'suid', 'x', {
      mode: 0o6755,
      uid: 4242,
      xattrs: {'security.evil': bytes('x'), 'trusted.x': bytes('x')},
    });
    writer.special(bytes('null'), {...common, type: 'chardevice', name: bytes('null'), device: [1, 3]});
    writer.finish();
    const [file] = describeTree(root, {root: false});
    expect(file).toMatchObject({mode: '755', uid: common.uid});
    expect(file?.xattrs).toBeUndefined();
    expect(warnings).toHaveLength(4);
    // Somebody else's setuid program must not become the restoring user's, even if setuid bits are wanted.
    using second = open({special: true, owners: false, overwrite: 'always'});
    put(second, 'suid', 'x', {mode: 0o4755, uid: 4242});
    expect(statSync(join(root, 'suid')).mode & 0o7000).toBe(0);
  });

  test('without koffi it restores what Node can, says once what it cannot, and a second run finds it equal', () => {
    for (const expected of [
      {written: 3, present: 0},
      {written: 0, present: 2},
    ]) {
      using writer = open({libc: undefined});
      put(writer, 'a', 'x', {xattrs: {'user.a': bytes('x')}});
      put(writer, 'b', 'y', {xattrs: {'user.a': bytes('x')}});
      writer.symlink(bytes('c'), linkEntry('c', 'x'));
      writer.special(bytes('fifo'), {...common, type: 'fifo', name: bytes('fifo')});
      writer.finish();
      expect(writer.counts).toMatchObject(expected.written ? expected : {written: 0, present: 3, refused: 1});
    }
    expect(warnings.filter((warning) => warning.includes('attributes'))).toHaveLength(2);
    expect(warnings.some((warning) => warning.includes('microsecond'))).toBe(true);
    const off = lstatSync(join(root, 'a'), {bigint: true}).mtimeNs - common.mtimeNs;
    expect(off > -1000n && off < 1000n).toBe(true);
  });

  test('holes are left sparse, wherever the chunks are cut', () => {
    const size = 3_000_000;
    const extents: [number, number][] = [
      [4096, 10_000],
      [1_000_000, 5],
      [2_000_000, 70_000],
    ];
    const data = noise(80_005, 'extents');
    using writer = open();
    const file = writer.file(bytes('s'), fileEntry('s', '', {size, extents}));
    for (let at = 0, step = 1; at < data.length; at += step, step = (step * 7) % 9001)
      file?.write(data.subarray(at, at + step));
    expect(file?.commit()).toBe(true);
    const expected = Buffer.alloc(size);
    for (let i = 0, at = 0; i < extents.length; at += extents[i]?.[1] ?? 0, i++)
      data.copy(expected, extents[i]?.[0], at, at + (extents[i]?.[1] ?? 0));
    expect(readFileSync(join(root, 's')).equals(expected)).toBe(true);
    expect(statSync(join(root, 's')).blocks * 512).toBeLessThan(200_000);
  });
});

describe('when the file system gives up', () => {
  // B17's counterpart on the restoring side.
  test.runIf(mayMount('restoring onto a full disk'))('a full disk ends the restore with a hint', () => {
    mkdirSync(root);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]);
    try {
      const writer = open();
      const file = writer.file(bytes('x'), fileEntry('x', '', {size: 5_000_000}));
      let problem: unknown;
      try {
        for (let i = 0; i < 50; i++) file?.write(Buffer.alloc(100_000, 1));
      } catch (error) {
        problem = error;
      }
      expect(problem).toBeInstanceOf(RestoreError);
      expect(problem).toMatchObject({hint: expect.stringContaining('Make room')});
      writer[Symbol.dispose]();
      expect(readdirSync(root)).toEqual([]);
    } finally {
      spawnSync('umount', [root]);
    }
  });

  test('a root that is a file, or cannot be made, is a RestoreError', () => {
    writeFileSync(root, 'a file');
    expect(() => open()).toThrow(RestoreError);
    setRoot(join(root, 'below'));
    expect(() => open()).toThrow(RestoreError);
  });

  test('a folder that another process removes is a warning', () => {
    using writer = open();
    enter(writer, 'a');
    rmSync(join(root, 'a'), {recursive: true});
    expect(put(writer, 'x', 'content')).toBe(false);
    writer.closeDirectory();
    expect(put(writer, 'y', 'content')).toBe(true);
    writer.finish();
    expect(warnings[0]).toContain('a/x: cannot be written: no such file or folder');
  });

  test('an existing file is the old one or the new one, never mixed', () => {
    mkdirSync(root);
    writeFileSync(join(root, 'x'), 'old');
    using writer = open({overwrite: 'always'});
    const file = writer.file(bytes('x'), fileEntry('x', 'content'));
    file?.write(bytes('conte'));
    expect(read('x')).toBe('old');
    file?.abort();
    expect(read('x')).toBe('old');
    linkSync(join(root, 'x'), join(root, 'other name'));
    put(writer, 'x', 'content');
    expect([read('x'), read('other name')]).toEqual(['content', 'old']);
  });
});
