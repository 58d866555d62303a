/**
 * How long `status --fleet` takes: puts many repositories below a prefix, with real keys, seals and drill reports, and no packs, and asks twice.
 *   node bench/fleet.ts /var/tmp/fleet 1000 · node bench/fleet.ts swift://fleet/all 1000 · node bench/fleet.ts s3://fleet/all?endpoint=… 1000
 * Credentials come from the environment, as for `holdfast`. Needs the built program (npm run build).
 */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import pMap from 'p-map';
import {newAgent} from '../src/repository/agent.ts';
import {enrolAgent} from '../src/repository/agents.ts';
import {type DrillReport, makeReport} from '../src/repository/drill-report.ts';
import {
  drillObject,
  newDrillId,
  newGenerationName,
  type SnapshotId,
  sealObject,
  sha256,
} from '../src/repository/layout.ts';
import {enrolOperator} from '../src/repository/operators.ts';
import {createRepository} from '../src/repository/repository.ts';
import {makeSeal} from '../src/repository/seal.ts';
import {BelowTarget} from '../src/targets/below.ts';
import {openTarget} from '../src/targets/open.ts';
import type {Target} from '../src/targets/target.ts';

const [prefix, count = '1000'] = process.argv.slice(2);
if (prefix === undefined) throw new Error('node bench/fleet.ts URL-PREFIX [MACHINES]');
const DAY_MS = 86_400_000;
const SEALS = 8;
const PACKS = 500;

await using target = await openTarget(prefix, process.cwd(), {env: process.env});
await target.create({container: true});
const operator = (await newAgent(new Date())).key;
await pMap(
  Array.from({length: Number(count)}, (_, n) => `vm${String(n).padStart(4, '0')}`),
  makeMachine,
  {concurrency: 8},
);

const state = mkdtempSync(join(tmpdir(), 'holdfast-fleet-'));
try {
  for (const round of ['first', 'again', 'again']) {
    const {status, stderr} = spawnSync(
      '/usr/bin/time',
      [
        '-f',
        '%e s, %U s user, %S s system, %M kB',
        process.execPath,
        join(import.meta.dirname, '../bin/run.js'),
        'status',
        '--fleet',
        prefix,
        '--max-unproven',
        '40d',
        '--json',
      ],
      {env: {...process.env, XDG_STATE_HOME: state}, encoding: 'utf8', maxBuffer: 2 ** 28},
    );
    console.log(`${round}: ${stderr.trim().split('\n').at(-1)}, exit ${status}`);
  }
} finally {
  rmSync(state, {recursive: true});
}

/** Eight daily seals, the last with a day's packs to list, and a drill report. */
async function makeMachine(name: string): Promise<void> {
  const now = new Date();
  const below: Target = new BelowTarget(target, `${name}/`);
  const agent = await newAgent(new Date(now.getTime() - SEALS * DAY_MS));
  const repository = await createRepository(below, now);
  await enrolAgent(repository, agent.key.toPublic());
  const generation = newGenerationName(new Date(now.getTime() - SEALS * DAY_MS));
  const counts = {new: 0, changed: 0, unchanged: 1000, removed: 0, total: 1000};
  let previous: string | null = null;
  let newest = {hash: '', id: '' as SnapshotId};
  for (let sequence = 1; sequence <= SEALS; sequence++) {
    const finished = new Date(now.getTime() - (SEALS - sequence) * DAY_MS).toISOString();
    const id = sha256(`${name} ${sequence}`).slice(0, 16) as SnapshotId;
    const packs = sequence === SEALS ? PACKS : 1;
    const made = await makeSeal(
      {
        repository: repository.id,
        source: 'files',
        generation,
        agent: agent.fingerprint,
        sequence,
        previous,
        generationKey: sha256(name),
        kind: sequence === 1 ? 'full' : 'incremental',
        started: finished,
        finished,
        tags: [],
        snapshot: {id, size: 1000, sha256: sha256(id)},
        entries: counts,
        bytes: {source: 1e9, read: 1e6, new: 1e6, stored: 1e6},
        warnings: 0,
        secrets: [],
        needs: {
          base: null,
          packs: Array.from({length: packs}, (_, n): [string, number] => [
            sha256(`${name} ${n}`),
            2 ** 24,
          ]).sort(),
          index: [],
          dropped: [],
        },
      },
      agent,
      now,
    );
    await below.put(sealObject({source: 'files', generation}, sequence, id), made.object);
    previous = made.checked.hash;
    newest = {hash: previous, id};
  }
  await enrolOperator(repository, operator.toPublic());
  const report = reportOf(repository.id, generation, newest, now);
  await below.put(drillObject(report.id), await makeReport(report, operator, now));
}

function reportOf(
  repository: string,
  generation: string,
  {hash, id}: {hash: string; id: SnapshotId},
  now: Date,
): DrillReport {
  const time = now.toISOString();
  return {
    repository,
    id: newDrillId(now),
    operator: operator.getFingerprint(),
    name: '',
    started: time,
    finished: time,
    host: 'bench',
    scope: 'whole',
    result: 'passed',
    subjects: [
      {source: 'files', generation, snapshot: id, seal: hash, sequence: SEALS, kind: 'incremental', time},
    ],
    checks: [],
    files: 1000,
    bytes: {source: 1e9, restored: 1e9, fetched: 1e9},
    times: {prepare: 1, fetch: 1, decrypt: 1, write: 1, load: 1, check: 1},
    rtoMs: 6,
    rpoMs: 0,
    objectives: {rtoMs: null, rpoMs: null},
    estimate: null,
    tools: [],
  };
}
