/** The core as a library: what src/index.ts exports is enough, and docs/library.md is true. */
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test, vi} from 'vitest';
import * as library from '../../src/index.ts';
import {describeTree} from '../support/describe-tree.ts';
import {backUp, makeKeys, restoreLatest} from './example.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-library-'));
afterAll(() => rmSync(scratch, {recursive: true, force: true}));

test('the example backs up, restores and verifies', async () => {
  const told = vi.spyOn(console, 'log').mockImplementation(() => {});
  const folder = (name: string): string => {
    mkdirSync(join(scratch, name));
    return join(scratch, name);
  };
  const [client, vm, source] = [folder('client'), folder('vm'), folder('source')];
  writeFileSync(join(source, 'figures.txt'), 'confidential');
  const place = join(scratch, 'repository');
  await makeKeys(client, 'correct horse');
  const machine = {place, state: vm, publicKey: join(client, 'ops.public.asc')};
  expect(await backUp(source, machine)).toMatchObject({snapshots: [{kind: 'full'}], failures: []});
  mkdirSync(join(source, 'new folder'));
  expect(await backUp(source, machine)).toMatchObject({snapshots: [{kind: 'incremental'}], failures: []});
  const to = join(scratch, 'restored');
  const privateKey = join(client, 'ops.private.asc');
  const done = await restoreLatest(to, {place, state: client, privateKey}, 'correct horse');
  expect(done).toMatchObject({
    restored: {warnings: [], damaged: []},
    verified: {ok: true, snapshots: 2, problems: []},
  });
  expect(describeTree(to)).toEqual(describeTree(source));
  expect(told).toHaveBeenCalledWith(expect.stringContaining('Signed by agent'));
});

test('docs/library.md shows the example as it is', () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/library.md'), 'utf8')) ?? [];
  const example = readFileSync(join(import.meta.dirname, 'example.ts'), 'utf8');
  expect(shown).toBe(example.replace("'../../src/index.ts'", "'holdfast'"));
});

test('whatever operation a command calls, the library exports', () => {
  const missing = filesIn('src/commands').flatMap((file) =>
    operationsImportedBy(file)
      .filter((name) => !(name in library))
      .map((name) => `${file} uses ${name}: export it from src/index.ts`),
  );
  expect(missing).toEqual([]);
});

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** Names of functions and classes, not of types. */
function operationsImportedBy(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(/^import \{([^}]*)\} from '[./]+\/operations\/[^']*';/gm)].flatMap(
    ([, names = '']) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type ')),
  );
}
