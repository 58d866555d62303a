import {createHash} from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Catalog} from '../../src/catalog/catalog.ts';
import type {BackedUp} from '../../src/operations/backup.ts';
import {jsonOf, runCli, startCli} from '../support/cli.ts';
import {describeTree, noise} from '../support/trees.ts';

/** `HOLDFAST_TEST_KILLS=50 HOLDFAST_TEST_KILL_MIB=300 vitest run test/operations/kill.test.ts` is the whole of it, some 10 minutes. */
const KILLS = Number(process.env['HOLDFAST_TEST_KILLS'] ?? 5);
const MIB = Number(process.env['HOLDFAST_TEST_KILL_MIB'] ?? 50);

let place: {readonly folder: string};
let source: string;
let key: string;
let repositoryId: string;

beforeAll(async () => {
  place = {folder: mkdtempSync(join(tmpdir(), 'holdfast-kill-'))};
  source = join(place.folder, 'source');
  key = join(place.folder, 'ops.private.asc');
  mkdirSync(source);
  await jsonOf(place, 'keygen', 'ops', '--no-passphrase');
  ({repositoryId} = await jsonOf<{repositoryId: string}>(
    place,
    'init',
    'repository',
    '--recipient',
    'ops.public.asc',
  ));
  const config = join(place.folder, 'holdfast.yaml');
  writeFileSync(
    config,
    `${readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, '')}\nsources:\n  files:\n    folder: ${source}\n`,
  );
});

afterAll(() => rmSync(place.folder, {recursive: true, force: true}));

/** Hash-named objects: path below the repository, size. */
function objects(): Map<string, number> {
  const folder = join(place.folder, 'repository');
  return new Map(
    readdirSync(folder, {recursive: true, encoding: 'utf8'})
      .filter((name) => /\/[0-9a-f]{64}\.pgp$/.test(name))
      .map((name) => [name, statSync(join(folder, name)).size]),
  );
}

/** All bytes in the repository, also those of half-written objects. */
function storedBytes(): number {
  const folder = join(place.folder, 'repository');
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'});
  return names.reduce((sum, name) => {
    const stats = statSync(join(folder, name), {throwIfNoEntry: false});
    return sum + (stats?.isFile() === true ? stats.size : 0);
  }, 0);
}

function partials(): string[] {
  const folder = join(place.folder, 'repository');
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.part'))
    .map((name) => join(folder, name));
}

/** Packs that the catalog counts on; read from a copy, so that the next run finds it as the killed one left it. */
function bookedPacks(): string[] {
  const folder = join(place.folder, 'state/holdfast', repositoryId);
  const copy = mkdtempSync(join(place.folder, 'catalog-'));
  for (const name of readdirSync(folder))
    if (/^catalog\.db(-wal)?$/.test(name)) cpSync(join(folder, name), join(copy, name));
  using catalog = Catalog.open(join(copy, 'catalog.db'), {repositoryId});
  expect(catalog.integrity()).toBe('ok'); // A10
  return catalog.generations.all().flatMap(({id}) => catalog.blobs.packs(id).map(({name}) => name));
}

function seeded(seed: string): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32LE() / 2 ** 32;
}

async function restored(snapshot: string): Promise<unknown> {
  const to = join(place.folder, 'restored');
  rmSync(to, {recursive: true, force: true});
  const {code, stderr} = await runCli(place, 'restore', snapshot, '--to', to, '--key', key);
  expect({code, stderr: stderr.replace(/\r.*/g, '')}).toMatchObject({code: 0});
  return describeTree(to);
}

// A1-A10, and H1: the lock and the lease of a dead process are taken over.
test(`SIGKILL at ${KILLS} random moments of a backup of ${MIB} MiB`, async () => {
  for (let i = 0; i < 50; i++) writeFileSync(join(source, `first-${i}`), noise(i * 500, `first ${i}`));
  const {snapshots} = await jsonOf<{snapshots: BackedUp[]}>(place, 'backup');
  const first = String(snapshots[0]?.id);
  const firstTree = describeTree(source);
  const parts = ['repository', 'state'];
  const saved = join(place.folder, 'saved');
  for (const part of parts) cpSync(join(place.folder, part), join(saved, part), {recursive: true});
  const rewind = (): void => {
    for (const part of parts) {
      rmSync(join(place.folder, part), {recursive: true, force: true});
      cpSync(join(saved, part), join(place.folder, part), {recursive: true});
    }
  };

  for (let mib = 0; mib < MIB; mib += 5)
    writeFileSync(join(source, `large-${mib}`), noise(5 * 2 ** 20, `large ${mib}`));
  mkdirSync(join(source, 'small'));
  for (let i = 0; i < 500; i++)
    writeFileSync(join(source, 'small', `file-${i}`), noise(i * 20, `small ${i}`));
  const secondTree = describeTree(source);
  // How long it takes when nobody kills it: less than that, or most kills would come too late.
  let wholeMs = Number.POSITIVE_INFINITY;
  for (const _ of ['cold', 'warm']) {
    rewind();
    const started = performance.now();
    await jsonOf(place, 'backup');
    wholeMs = Math.min(wholeMs, performance.now() - started);
  }
  const random = seeded('kill');
  const outcomes: string[] = [];
  let killed = 0;

  for (let kill = 1; kill <= KILLS; kill++) {
    rewind();
    const before = objects();
    const {child, ended} = startCli(place, ['backup', '--json']);
    // One moment from each part of the run, so that few kills hit all of its phases: by the clock, or by what is stored.
    const share = (kill - random()) / KILLS;
    const atMs = wholeMs * (0.3 + 0.7 * share);
    const isEnded = ended.then(() => true);
    if (kill % 2 === 1) await Promise.race([delay(atMs), isEnded]);
    else while (storedBytes() < share * MIB * 2 ** 20 && !(await Promise.race([delay(2), isEnded])));
    child.kill('SIGKILL');
    const {signal} = await ended;
    const left = partials();
    const atKill = objects();
    const packs = [...atKill.keys()].filter((name) => name.includes('/packs/') && !before.has(name));
    const booked = new Set(bookedPacks());
    const moment =
      kill % 2 === 1 ? `${Math.round(atMs)} of ${Math.round(wholeMs)} ms` : `${Math.round(share * 100)} %`;
    const where = `kill ${kill} at ${moment}, ${packs.length} packs stored`;
    if (signal !== null) killed++;
    outcomes.push(`${signal ?? 'ended'} at ${moment}: ${packs.length} packs, ${left.length} partials`);

    // A2: whatever bears a final name is whole. What is booked is stored.
    for (const name of atKill.keys()) {
      const hash = createHash('sha256')
        .update(readFileSync(join(place.folder, 'repository', name)))
        .digest('hex');
      expect(basename(name), where).toBe(`${hash}.pgp`);
    }
    const stored = new Set([...atKill.keys()].map((name) => basename(name, '.pgp')));
    expect(
      [...booked].filter((name) => !stored.has(name)),
      where,
    ).toEqual([]);
    // A3: no more is stored without being booked than was on its way at once.
    const unbooked = packs.filter((name) => !booked.has(basename(name, '.pgp')));
    expect(unbooked.length, where).toBeLessThanOrEqual(6);

    const list = await jsonOf<{snapshots: {id: string}[]}>(place, 'snapshots');
    const isSealed = list.snapshots.length === 2;
    expect(
      list.snapshots.map(({id}) => id),
      where,
    ).toContain(first);
    expect(await jsonOf(place, 'verify', '--level', 'content', '--key', key), where).toMatchObject({
      ok: true,
      problems: [],
    });
    expect(await restored(first), where).toEqual(firstTree);

    const rerun = await jsonOf<{snapshots: BackedUp[]}>(place, 'backup');
    expect(rerun.snapshots, where).toMatchObject([
      {kind: 'incremental', sequence: isSealed ? 3 : 2, warnings: []},
    ]);
    const after = objects();
    const putBytes = [...after]
      .filter(([name]) => !atKill.has(name))
      .reduce((sum, [, size]) => sum + size, 0);
    const keptBytes = packs
      .filter((name) => booked.has(basename(name, '.pgp')))
      .reduce((sum, name) => sum + (atKill.get(name) ?? 0), 0);
    expect(putBytes, where).toBeLessThan((MIB + 8) * 2 ** 20 - keptBytes);
    expect(await jsonOf(place, 'verify', '--level', 'content', '--key', key), where).toMatchObject({
      ok: true,
      problems: [],
    });
    expect(await restored('latest'), where).toEqual(secondTree);

    // What the killed run left half-written is gone a day later.
    if (left.length === 0 || kill < KILLS - 2) continue;
    const yesterday = Date.now() / 1000 - 25 * 3600;
    for (const part of partials()) utimesSync(part, yesterday, yesterday);
    await jsonOf(place, 'backup');
    expect(partials(), where).toEqual([]);
  }
  expect(killed, outcomes.join('\n')).toBeGreaterThan(KILLS / 2);
  if (KILLS > 10) console.log(outcomes.join('\n'));
}, 3_600_000);
