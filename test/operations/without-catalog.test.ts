import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {jsonOf, runCli} from '../support/cli.ts';
import {describeTree} from '../support/trees.ts';

// C11
test('all reading commands say the same on another machine, which has no catalog and no config', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-elsewhere-'));
  await using _ = {[Symbol.asyncDispose]: async () => rmSync(folder, {recursive: true, force: true})};
  const vm = {folder: join(folder, 'vm')};
  const client = {folder: join(folder, 'client'), env: {HOLDFAST_REPOSITORY: join(folder, 'repository')}};
  for (const place of [vm, client]) mkdirSync(place.folder);
  await jsonOf(client, 'keygen', 'ops', '--no-passphrase');
  await jsonOf(vm, 'init', '../repository', '--recipient', '../client/ops.public.asc');
  mkdirSync(join(folder, 'source', 'folder'), {recursive: true});
  writeFileSync(join(folder, 'source', 'folder', 'file'), 'first');
  const config = join(vm.folder, 'holdfast.yaml');
  const text = readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, '');
  writeFileSync(config, `${text}\nsources:\n  files:\n    folder: ${join(folder, 'source')}\n`);
  const first = (await jsonOf<{snapshots: {id: string}[]}>(vm, 'backup')).snapshots[0]?.id ?? '';
  writeFileSync(join(folder, 'source', 'folder', 'file'), 'second, longer');
  writeFileSync(join(folder, 'source', 'new'), 'new');
  await jsonOf(vm, 'backup');

  for (const command of [
    ['snapshots'],
    ['ls', 'latest', 'folder'],
    ['find', 'file'],
    ['diff', first, 'latest'],
    ['verify', '--level', 'structure'],
    ['verify', '--level', 'ciphertext'],
  ]) {
    const needsKey = ['ls', 'find', 'diff'].includes(command[0] as string);
    const key = needsKey ? ['--key', 'ops.private.asc'] : [];
    expect(await jsonOf(client, ...command, ...key), command.join(' ')).toEqual(await jsonOf(vm, ...command));
  }
  expect(await jsonOf(client, 'verify', '--level', 'content', '--key', 'ops.private.asc')).toMatchObject({
    ok: true,
  });
  const {stdout} = await runCli(client, 'cat', first, 'folder/file', '--key', 'ops.private.asc');
  expect(stdout).toBe('first');
  await jsonOf(client, 'restore', 'latest', '--to', 'restored', '--key', 'ops.private.asc');
  expect(describeTree(join(client.folder, 'restored'))).toEqual(describeTree(join(folder, 'source')));
});
