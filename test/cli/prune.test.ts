import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {type CliPlace, jsonOf, runCli, startCli} from '../support/cli.ts';
import {describeTree, noise} from '../support/trees.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-prune-'));
const repository = join(folder, 'repository');
const vm: CliPlace = {folder: join(folder, 'vm')};
/** Has no config, no catalog, and credentials that may delete. */
const ops: CliPlace = {folder: join(folder, 'ops'), env: {HOLDFAST_REPOSITORY: repository}};
const source = join(folder, 'source');
const ids: string[] = [];

const stored = (): string[] =>
  readdirSync(repository, {recursive: true, encoding: 'utf8'})
    .filter((name) => !name.startsWith('leases'))
    .sort();

async function backUp(...args: string[]): Promise<void> {
  writeFileSync(join(source, 'file'), noise(100_000, `${ids.length}`));
  const {snapshots} = await jsonOf<{snapshots: {id: string}[]}>(vm, 'backup', ...args);
  ids.push(snapshots[0]?.id ?? '');
}

function setRetention(retention: string): void {
  const path = join(vm.folder, 'holdfast.yaml');
  const text = readFileSync(path, 'utf8').replace(/\nretention:.*/g, '');
  writeFileSync(path, `${text.trimEnd()}\n${retention === '' ? '' : `retention: ${retention}\n`}`);
}

beforeAll(async () => {
  for (const path of [vm.folder, ops.folder, source]) mkdirSync(path);
  await jsonOf(ops, 'keygen', 'ops', '--no-passphrase');
  await jsonOf(vm, 'init', repository, '--recipient', '../ops/ops.public.asc');
  const path = join(vm.folder, 'holdfast.yaml');
  const text = readFileSync(path, 'utf8').replace(/^sources:[\s\S]*/m, '');
  writeFileSync(path, `${text}\nsources:\n  app: {folder: ${source}}\n`);
  for (let i = 0; i < 5; i++) await backUp(...(i === 3 ? ['--full'] : []));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

// I2, I6: what is missing, empty or too much is refused before anything is written.
test('without a policy, with an empty one, without consent, or for over half: exit 2, and nothing is touched', async () => {
  const before = stored();
  const errors: unknown[] = [];
  const fails = async (place: CliPlace, ...args: string[]) => {
    const run = await runCli(place, 'prune', '--json', ...args);
    errors.push([run.code, JSON.parse(run.stdout).code]);
    return JSON.parse(run.stdout) as {message: string; hint: string};
  };
  expect(await fails(ops, '--yes')).toMatchObject({
    message: 'Nothing says which snapshots are kept, so none is removed.',
  });
  setRetention('{}');
  await fails(vm, '--yes');
  setRetention('{ last: 0 }');
  await fails(vm, '--yes');
  await fails(ops, '--keep-last', '0', '--yes');
  await fails(ops, '--keep-within', '0s', '--yes');
  setRetention('{ last: 4 }');
  expect(await fails(vm)).toMatchObject({hint: 'Run it with --yes if you are sure.'});
  expect(await fails(ops, '--keep-last', '2', '--yes')).toMatchObject({
    message: 'Of app, 3 of 5 snapshots would go, over half. Nothing was marked or deleted.',
  });
  // Consent to the rest is no consent to that.
  await fails(ops, '--keep-last', '2', '--large');
  expect(errors).toEqual([
    ...[['USAGE'], ['CONFIG_INVALID'], ['CONFIG_INVALID'], ['USAGE'], ['USAGE'], ['USAGE']].map(([code]) => [
      2,
      code,
    ]),
    [2, 'PRUNE_REFUSED'],
    [2, 'PRUNE_REFUSED'],
  ]);
  const dry = await jsonOf<{kept: {id: string; reasons: string[]}[]; removed: {id: string}[]}>(
    vm,
    'prune',
    '--dry-run',
  );
  expect(dry.removed.map(({id}) => id)).toEqual(ids.slice(0, 1));
  expect(dry.kept.at(-1)?.reasons).toEqual(['newest', 'newest good', 'last']);
  expect(await jsonOf(ops, 'prune', '--explain')).toMatchObject({
    removed: [],
    space: [{source: 'app', dead: {objects: 0}, waiting: {objects: 0}}],
  });
  expect(stored()).toEqual(before);
});

// A11, C11, J8
test('a prune elsewhere, killed when its mark is there: the next one completes, and the machine backs up as before', async () => {
  await jsonOf(ops, 'pin', ids[1] as string);
  expect(await jsonOf(ops, 'pin', ids[1] as string)).toMatchObject({
    snapshot: ids[1],
    pinned: true,
    changed: false,
  });
  const args = ['prune', '--keep-last', '2', '--yes', '--grace', '0s', '--json'];
  mkdirSync(join(repository, 'app', 'marks'));
  const killed = startCli(ops, args);
  const watcher = watch(join(repository, 'app', 'marks'), (_, name) => {
    if (name?.endsWith('.asc') && !name.includes('.part')) killed.child.kill('SIGKILL');
  });
  expect((await killed.ended).signal).toBe('SIGKILL');
  watcher.close();
  // The lease of a process of this machine that is gone holds nobody up.
  const done = await jsonOf<{kept: {id: string}[]; packs: object}>(ops, ...args.slice(0, -1));
  expect(done.kept.map(({id}) => id)).toEqual([ids[1], ids[3], ids[4]]);
  const {snapshots} = await jsonOf<{snapshots: {id: string; pinned: boolean}[]}>(vm, 'snapshots');
  expect(snapshots.map(({id, pinned}) => [id, pinned])).toEqual([
    [ids[1], true],
    [ids[3], false],
    [ids[4], false],
  ]);
  await backUp();
  expect(await jsonOf(ops, 'verify', '--level', 'content', '--key', 'ops.private.asc')).toMatchObject({
    ok: true,
    snapshots: 4,
    unfinished: 0,
    marked: 0,
  });
  await jsonOf(ops, 'restore', 'latest', '--to', 'restored', '--key', 'ops.private.asc');
  expect(describeTree(join(ops.folder, 'restored'))).toEqual(describeTree(source));
  await jsonOf(ops, 'unpin', ids[1] as string);
  expect(await jsonOf(ops, 'prune', '--keep-last', '2', '--yes')).toMatchObject({
    done: true,
    removed: [{id: ids[1]}],
    generations: {marked: 1, deleted: 0},
  });
  // Twice is as good as once.
  expect(await jsonOf(ops, 'prune', '--keep-last', '2', '--yes')).toMatchObject({
    removed: [],
    packs: {marked: 0},
  });
  // What marks and pins tell the storage: sequences, hashes, ids; no name of a file, no host.
  for (const name of stored().filter((one) => /\/(marks|pins)\//.test(one))) {
    const lines = readFileSync(join(repository, name), 'utf8').split('\n');
    const text = Buffer.from(lines.slice(2, -3).join(''), 'base64').toString('latin1');
    expect(text).not.toContain(source);
  }
});
