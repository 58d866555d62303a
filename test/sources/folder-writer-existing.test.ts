import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {describeTree} from '../support/trees.ts';
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
  warnings,
} from '../support/writer-scratch.ts';

// F11: a file system that takes two names for one, as here the same name stands for.
test.each([
  ['in a folder that was there', true, {}],
  ['in a new folder', false, {}],
  ['in a new folder, without files that have no name', false, {libc: undefined}],
] as const)(
  'of two files that are open at once under one name, the first stays: %s',
  (_where, isThere, options) => {
    if (isThere) mkdirSync(root);
    using writer = open({...options, overwrite: 'always'});
    const entry = fileEntry('name', 'first!');
    const [first, second] = [writer.file(bytes('name'), entry), writer.file(bytes('name'), entry)];
    first?.write(bytes('first!'));
    second?.write(bytes('second'));
    expect([first?.commit(), second?.commit()]).toEqual([true, false]);
    writer.finish();
    expect(read('name')).toBe('first!');
    expect(warnings).toContain('name: another entry has the same name on this file system');
    expect(readdirSync(root)).toEqual(['name']);
  },
);

describe('what is there already', () => {
  beforeEach(() => {
    mkdirSync(join(root, 'folder'), {recursive: true});
    writeFileSync(join(root, 'folder/mine'), 'mine');
    writeFileSync(join(root, 'file'), 'old');
    symlinkSync('old', join(root, 'link'));
  });

  test('is left by "never", with a warning where it differs', () => {
    using writer = open();
    expect(put(writer, 'file', 'new content')).toBe(false);
    writer.symlink(bytes('link'), linkEntry('link', 'new'));
    expect(put(writer, 'folder', 'a file')).toBe(false);
    expect(enter(writer, 'file')).toBe(false);
    writer.finish();
    expect([read('file'), read('folder/mine')]).toEqual(['old', 'mine']);
    expect(writer.counts).toEqual({written: 0, present: 0, refused: 4});
  });

  test.each(['changed', 'always'] as const)(
    'is replaced by "%s", but never a folder that is not empty',
    (overwrite) => {
      mkdirSync(join(root, 'empty'));
      using writer = open({overwrite});
      expect(put(writer, 'file', 'new content')).toBe(true);
      writer.symlink(bytes('link'), linkEntry('link', 'new'));
      expect(put(writer, 'folder', 'a file')).toBe(false);
      expect(put(writer, 'empty', 'a file')).toBe(true);
      writer.finish();
      expect([read('file'), read('empty'), read('folder/mine')]).toEqual(['new content', 'a file', 'mine']);
      expect(warnings).toEqual(['folder: a folder that is not empty is in its place']);
    },
  );

  test('one nanosecond is a difference', () => {
    {
      using writer = open({overwrite: 'always'});
      put(writer, 'file', 'abc');
    }
    for (const [mtimeNs, replaced] of [
      [common.mtimeNs, false],
      [common.mtimeNs + 1n, true],
    ] as const) {
      using writer = open({overwrite: 'changed'});
      expect(put(writer, 'file', 'xyz', {mtimeNs})).toBe(replaced);
    }
    expect(warnings).toEqual([]);
  });

  test('parts of a killed run are removed, and nothing that only looks like them', () => {
    const part = '.holdfast-0123456789abcdef01234567.part';
    for (const folder of ['.', 'folder']) {
      writeFileSync(join(root, folder, part), 'half');
      writeFileSync(join(root, folder, '.holdfast-mine.part'), 'mine');
    }
    using writer = open();
    enter(writer, 'folder');
    writer.closeDirectory();
    writer.finish();
    expect(readdirSync(root).sort()).toEqual(['.holdfast-mine.part', 'file', 'folder', 'link']);
    expect(readdirSync(join(root, 'folder')).sort()).toEqual(['.holdfast-mine.part', 'mine']);
  });

  // D19: what a case-insensitive file system shows is an entry that nobody made.
  test('two entries that the file system takes for one are not mixed', () => {
    using writer = open({overwrite: 'always'});
    enter(writer, 'fresh');
    enter(writer, 'A');
    writer.closeDirectory();
    renameSync(join(root, 'fresh/A'), join(root, 'fresh/a'));
    expect(enter(writer, 'a')).toBe(false);
    writer.closeDirectory();
    put(writer, 'X', 'first');
    renameSync(join(root, 'X'), join(root, 'x'));
    expect(put(writer, 'x', 'second')).toBe(false);
    writer.finish();
    expect(read('x')).toBe('first');
    expect(warnings).toHaveLength(2);
  });

  test('an ACL that the root hands down does not reach what is restored', ({skip}) => {
    if (spawnSync('setfacl', ['-d', '-m', 'u:1234:rwx', root]).status !== 0) skip('no ACLs here');
    using writer = open();
    enter(writer, 'new');
    put(writer, 'file', 'x');
    writer.closeDirectory();
    put(writer, 'other', 'x');
    writer.finish();
    const found = describeTree(root, {root: false}).filter(
      ({path}) => path.startsWith('new') || path === 'other',
    );
    expect(found.map(({mode, xattrs}) => [mode, xattrs])).toEqual([
      ['755', undefined],
      ['644', undefined],
      ['644', undefined],
    ]);
  });
});
