import {execFileSync} from 'node:child_process';
import {mkdir, readFile, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {collect} from '../support/collect.ts';
import {someBytes} from './conformance.ts';
import {created, failure, files, list, newFolder, scratch} from './scratch.ts';

// J3, D23
describe('links and strange files that somebody planted', () => {
  test('a symbolic link under the final name is not followed', async () => {
    for (const hardLinks of [true, false]) {
      const {root, target} = await created({hardLinks});
      const victim = newFolder();
      await writeFile(victim, 'victim');
      await mkdir(join(root, 'app'));
      await symlink(victim, join(root, 'app/one'));
      await symlink(join(scratch, 'nowhere'), join(root, 'app/two'));
      expect(await failure(target.put('app/one', someBytes(10)))).toMatchObject({code: 'OBJECT_EXISTS'});
      expect(await failure(target.put('app/two', someBytes(10)))).toMatchObject({code: 'OBJECT_EXISTS'});
      expect(await failure(collect(target.get('app/one')))).toMatchObject({
        code: 'TARGET',
        transient: false,
      });
      expect(await failure(target.stat('app/one'))).toMatchObject({code: 'TARGET'});
      expect(await list(target)).toEqual([]);
      await target.replace('app/one', someBytes(10));
      expect(await readFile(victim, 'utf8')).toBe('victim');
      await target.remove('app/two');
      expect(await list(target)).toEqual(['app/one']);
    }
  });

  test('a folder that is a symbolic link is not written to, listed or removed from', async () => {
    const {root, target} = await created();
    const outside = newFolder();
    await mkdir(outside);
    await writeFile(join(outside, 'theirs'), 'theirs');
    await symlink(outside, join(root, 'app'));
    expect(await failure(target.put('app/one', someBytes(10)))).toMatchObject({code: 'TARGET', exitCode: 13});
    expect(await failure(target.put('app/sub/one', someBytes(10)))).toMatchObject({
      code: 'TARGET',
      exitCode: 13,
    });
    await target.remove('app/theirs');
    expect(await files(outside)).toEqual(['theirs']);
    expect(await list(target)).toEqual([]);
    expect(await list(target, 'app/')).toEqual([]);
    expect(await collect(target.listFolders(''))).toEqual([]);
  });

  test('a FIFO does not stop a reader', async () => {
    const {root, target} = await created();
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(await failure(collect(target.get('pipe')))).toMatchObject({code: 'TARGET'});
    expect(await failure(target.stat('pipe'))).toMatchObject({code: 'TARGET'});
    expect(await list(target)).toEqual([]);
  });

  test('names that are no object names, and folders that are too deep, are passed over', async () => {
    const {root, target} = await created();
    await target.put('app/one', someBytes(1));
    await writeFile(join(root, 'app', 'new\nline'), 'x');
    await writeFile(Buffer.concat([Buffer.from(`${root}/app/`), Buffer.from([0xff, 0xfe])]), 'x');
    await mkdir(join(root, ...Array.from({length: 40}, () => 'deep')), {recursive: true});
    await writeFile(join(root, ...Array.from({length: 40}, () => 'deep'), 'x'), 'x');
    await mkdir(join(root, 'lost+found'), {mode: 0o000});
    await mkdir(join(root, 'empty'));
    expect(await list(target)).toEqual(['app/one']);
    expect(await collect(target.listFolders(''))).toEqual(['app']);
  });

  test('a file where a folder must be is a target error', async () => {
    const {target} = await created();
    await target.put('app', someBytes(1));
    const error = await failure(target.put('app/one', someBytes(1)));
    expect(error).toMatchObject({code: 'TARGET', exitCode: 13, transient: false});
    expect(String(error)).toContain('not a folder is in its way (ENOTDIR)');
  });
});
