/** Hostile storage against the secrets of a generation: generation.pgp is not signed, and what vouches for it (TESTING.md D1, D13). */
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {generateGenerationKey} from '../../src/crypto/keygen.ts';
import {encryptToRecipients} from '../../src/crypto/message.ts';
import {type BackupOptions, type BackupResult, backup} from '../../src/operations/backup.ts';
import {rebuildCatalog} from '../../src/operations/rebuild-catalog.ts';
import {faulty} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {describeTree} from '../support/trees.ts';

async function run(machine: Machine, options: BackupOptions = {}): Promise<BackupResult> {
  return backup(await machine.context(), [machine.sourceConfig()], options);
}

/** A machine whose first run was cut off behind the secrets of its generation. @returns with the path of generation.pgp */
async function machineWithBegun(): Promise<{machine: Machine; begun: string; path: string}> {
  const machine = await Machine.create();
  writeFileSync(join(machine.source, 'file'), 'content');
  const target = faulty(machine.target, [{operation: 'put', call: 1, matching: /\/packs\//}]);
  await expect(machine.backup({}, {}, {repository: {...machine.repository, target}})).rejects.toThrow();
  const [begun = ''] = (await machine.history()).sources[0]?.generations ?? [];
  return {machine, begun, path: secretPath(machine, begun)};
}

const secretPath = (machine: Machine, generation: string, name = 'generation.pgp'): string =>
  join(machine.repositoryFolder, 'files', generation, name);

function loseCatalog(machine: Machine): void {
  machine.catalog[Symbol.dispose]();
  for (const side of ['', '-wal', '-shm']) rmSync(machine.catalogPath + side, {force: true});
  machine.openState();
}

/** What only public keys are needed for: other secrets of the same generation, encrypted to the same recipient. */
async function forged(machine: Machine, generation: string): Promise<Uint8Array> {
  const key = await generateGenerationKey(new Date());
  const secrets = {
    type: 'holdfast-generation',
    format: 1,
    repository: machine.repository.id,
    source: 'files',
    generation,
    created: new Date().toISOString(),
    agent: machine.agent.fingerprint,
    blobIdKey: Buffer.alloc(32).toString('base64'),
    chunker: {},
    privateKey: key.armor(),
  };
  return encryptToRecipients(
    Buffer.from(JSON.stringify(secrets)),
    machine.recipients.map((recipient) => recipient.key),
  );
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

async function expectRestores(machine: Machine, to: string): Promise<void> {
  await machine.restore('latest', join(machine.folder, to));
  expect(describeTree(join(machine.folder, to))).toEqual(describeTree(machine.source));
  expect(await machine.verify()).toMatchObject({ok: true});
}

test.each([
  ['forged, and the catalog is lost', true, forged],
  ['forged', false, forged],
  ['altered and as long as before', false, undefined],
] as const)(
  'nothing is stored below a generation.pgp that was %s before the first seal',
  async (_, isCatalogLost, forge) => {
    const {machine, begun, path} = await machineWithBegun();
    await using _machine = machine;
    if (forge === undefined) flip(path);
    else writeFileSync(path, await forge(machine, begun));
    if (isCatalogLost) loseCatalog(machine);
    const {snapshots, problems} = await run(machine);
    expect(snapshots).toMatchObject([{kind: 'full', sequence: 1}]);
    expect(snapshots[0]?.generation).not.toBe(begun);
    expect(problems).toMatchObject([{object: `files/${begun}/generation.pgp`, affects: []}]);
    await expectRestores(machine, 'restored');
  },
);

test('a generation that was only begun is taken up where nothing was touched', async () => {
  const {machine, begun} = await machineWithBegun();
  await using _ = machine;
  loseCatalog(machine);
  const {snapshots, problems} = await run(machine);
  expect(snapshots).toMatchObject([{kind: 'full', generation: begun}]);
  expect(problems).toEqual([]);
});

test.each([
  ['generation.pgp', false],
  ['generation.pgp', true],
  ['agent.pgp', false],
  ['agent.pgp', true],
])(
  '%s altered below seals (catalog lost: %s): a new generation, and the damage is told',
  async (name, isLost) => {
    await using machine = await Machine.create();
    writeFileSync(join(machine.source, 'file'), 'content');
    const first = await machine.backup();
    flip(secretPath(machine, first.generation, name));
    if (isLost) loseCatalog(machine);
    const {snapshots, problems} = await run(machine);
    expect(snapshots).toMatchObject([{kind: 'full', sequence: 2}]);
    const object = `files/${first.generation}/${name}`;
    expect(problems).toMatchObject([{object, affects: [first.id]}]);
    const to = join(machine.folder, 'restored');
    await machine.restore('latest', to);
    expect(describeTree(to)).toEqual(describeTree(machine.source));
    expect((await machine.verify()).problems).toMatchObject([{object}]);
  },
);

test('a rebuilt catalog passes over a generation whose generation.pgp was swapped', async () => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.source, 'file'), 'content');
  const {generation} = await machine.backup();
  writeFileSync(secretPath(machine, generation), await forged(machine, generation));
  loseCatalog(machine);
  const {repository, catalog, agent} = machine;
  const {skipped} = await rebuildCatalog({repository, catalog, agent}, await machine.history());
  expect(skipped).toMatchObject([
    {generation, problem: expect.stringMatching(/not the one that the agent stored/) as string},
  ]);
});
