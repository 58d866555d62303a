/** Many machines below one prefix, from seals and reports alone (TESTING.md K5, D9; issue 7: dead man's switch). */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {type FleetOptions, type FleetReading, readFleet} from '../../src/operations/fleet/fleet.ts';
import type {MachineStatus} from '../../src/operations/fleet/judge.ts';
import {FleetMemory} from '../../src/operations/fleet/memory.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {DrillRoom} from '../drills/room.ts';
import {runCli} from '../support/cli.ts';
import {faulty, recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let folder: string;
let prefix: string;
/** Backed up daily, five times; the last time now. */
let daily: Machine;
let room: DrillRoom;

beforeAll(async () => {
  let now = Date.now() - 4 * DAY_MS;
  daily = await Machine.create({now: () => new Date(now)});
  room = new DrillRoom(daily);
  writeFileSync(join(daily.source, 'file'), 'content');
  for (let day = 0; day < 5; day++) {
    await daily.backup();
    for (const file of sealsIn(daily.repositoryFolder).slice(day)) utimesSync(file, now / 1000, now / 1000);
    now += DAY_MS;
  }
});
afterAll(() => daily[Symbol.asyncDispose]());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-fleet-'));
  prefix = join(folder, 'backups');
  for (const name of ['app01', 'app02', 'team/db01']) place(daily, name);
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** Puts a copy of a machine's repository below the prefix. */
function place(machine: Machine, name: string): void {
  mkdirSync(join(prefix, name, '..'), {recursive: true});
  cpSync(machine.repositoryFolder, join(prefix, name), {recursive: true, preserveTimestamps: true});
}

const seals = (name: string): string[] => sealsIn(join(prefix, name));

function sealsIn(root: string): string[] {
  return readdirSync(root, {recursive: true, encoding: 'utf8'})
    .filter((file) => file.includes('/seals/'))
    .sort()
    .map((file) => join(root, file));
}

/** One look after the other, as a monitor has them. */
class Monitor {
  reading: FleetReading | undefined;

  async look(
    options: Partial<FleetOptions> = {},
    target = new FileTarget(prefix) as never,
  ): Promise<Record<string, MachineStatus>> {
    this.reading = await readFleet(target, {
      remembered: this.reading?.memory ?? new Map(),
      expected: [],
      approved: [],
      now: new Date(),
      ...options,
    });
    return Object.fromEntries(this.reading.status.machines.map((machine) => [machine.machine, machine]));
  }
}

const later = (ms: number) => new Date(Date.now() + ms);
const problems = (machine: MachineStatus | undefined) =>
  machine?.problems.map(({kind, problem}) => `${kind}: ${problem}`);

describe('the machines below a prefix', () => {
  test('are all found, however deep; and are well', async () => {
    const monitor = new Monitor();
    const machines = await monitor.look();
    expect(Object.keys(machines)).toEqual(['app01', 'app02', 'team/db01']);
    expect(monitor.reading?.status).toMatchObject({ok: true, counts: {machines: 3, ok: 3, problems: 0}});
    expect(monitor.reading?.met).toEqual(['app01', 'app02', 'team/db01']);
    const [source] = machines['app01']?.sources ?? [];
    expect(source).toMatchObject({source: 'files', lastProven: null, suspect: [], bytes: 7});
    expect(source?.lastSuccess).toBe((await daily.history()).sources[0]?.seals.at(-1)?.finished);
    expect(Math.abs(Number(source?.everyMs) - DAY_MS)).toBeLessThan(60_000);
  });

  test('are late by their own rhythm, as the storage or the seals tell it', async () => {
    const arrived = (name: string, days: (n: number) => number) => {
      for (const [n, file] of seals(name).entries()) {
        const time = Date.now() / 1000 - days(n) * 86_400;
        utimesSync(file, time, time);
      }
    };
    arrived('app02', (n) => (4 - n) * 7);
    arrived('team/db01', () => 0); // Copied there: the seals say when they were made.
    const machines = await new Monitor().look({now: later(4 * DAY_MS)});
    expect(problems(machines['app01'])).toEqual([
      'late: its newest snapshot is 4 days old, though one was made every 24 h',
    ]);
    expect(machines['app02']?.ok, 'one a week').toBe(true);
    expect(problems(machines['team/db01'])).toEqual(problems(machines['app01']));
    const strict = await new Monitor().look({maxAgeMs: 26 * HOUR_MS, now: later(27 * HOUR_MS)});
    expect(Object.values(strict).map(({state}) => state)).toEqual(['late', 'late', 'late']);
  });

  test('are vanished when they are gone, until they are back', async () => {
    const monitor = new Monitor();
    await monitor.look();
    renameSync(join(prefix, 'app02'), join(folder, 'away'));
    const machines = await monitor.look({expected: ['app01', 'app99']});
    expect(problems(machines['app02'])).toEqual([
      expect.stringMatching(/^vanished: its repository [0-9a-f]{32} was here on 20.*Z, and is not any more/),
    ]);
    expect(machines['app02']).toMatchObject({sources: [{source: 'files', lastSuccess: expect.any(String)}]});
    expect(problems(machines['app99'])).toEqual(['vanished: it is expected, but has no repository here']);
    expect(Object.keys(machines).slice(0, 2), 'problems first').toEqual(['app02', 'app99']);
    expect((await monitor.look())['app02']?.state, 'still').toBe('vanished');
    renameSync(join(folder, 'away'), join(prefix, 'app02'));
    expect((await monitor.look())['app02']?.state).toBe('ok');
  });

  test('all gone is no empty fleet', async () => {
    const monitor = new Monitor();
    await monitor.look();
    rmSync(prefix, {recursive: true});
    mkdirSync(prefix);
    expect(Object.values(await monitor.look()).map(({state}) => state)).toEqual(Array(3).fill('vanished'));
    await expect(new Monitor().look()).rejects.toMatchObject({exitCode: 10});
    rmSync(prefix, {recursive: true});
    await expect(monitor.look(), 'not mounted').rejects.toMatchObject({exitCode: 13});
  });

  // D9
  test('are rolled back, emptied, or another repository', async () => {
    const monitor = new Monitor();
    await monitor.look();
    rmSync(seals('app01').at(-1) as string);
    for (const file of seals('app02')) rmSync(file);
    rmSync(join(prefix, 'team/db01'), {recursive: true});
    await using other = await Machine.create();
    writeFileSync(join(other.source, 'file'), 'of another');
    await other.backup();
    place(other, 'team/db01');
    for (const _ of ['first', 'and again']) {
      const machines = await monitor.look();
      expect(problems(machines['app01'])).toEqual([
        'tampered: its newest seal has number 4, older than 5 seen before: rolled back',
      ]);
      expect(problems(machines['app02'])).toEqual(['vanished: its snapshots are gone; it had 5']);
      expect(problems(machines['team/db01'])).toEqual([
        expect.stringContaining(`another repository (${other.repository.id}) is in the place of`),
      ]);
    }
  });

  test('have seals that are garbled, or signed by a stranger, until somebody approves', async () => {
    const monitor = new Monitor();
    await monitor.look();
    writeFileSync(seals('app01').at(-1) as string, 'no seal');
    // It is read again only where its name is new.
    expect((await monitor.look())['app01']?.ok).toBe(true);
    expect(problems((await new Monitor().look())['app01'])).toEqual([
      expect.stringMatching(/^tampered: files\/.*asc: /),
    ]);
  });

  test('suspect snapshots, and those that were never made', async () => {
    await using machine = await Machine.create();
    place(machine, 'new');
    for (let n = 0; n < 600; n++) writeFileSync(join(machine.source, `file-${n}`), `${n}`);
    const good = await machine.backup();
    for (let n = 1; n < 600; n++) rmSync(join(machine.source, `file-${n}`));
    await machine.backup();
    place(machine, 'shrunk');
    const machines = await new Monitor().look();
    expect(problems(machines['new'])).toEqual(['never: it was never backed up']);
    expect(problems(machines['shrunk'])).toEqual(['suspect: its newest snapshot is suspect: collapsed']);
    const {history} = await machine.elsewhere();
    expect(machines['shrunk']?.lastSuccess).toBe(
      history.sources[0]?.seals.find(({snapshot}) => snapshot.id === good.id)?.finished,
    );
  });

  test('a machine that cannot be read hides no other', async () => {
    const target = faulty(new FileTarget(prefix), [
      {operation: 'list', call: 1, how: 'forever', matching: /^app02\//},
    ]);
    const machines = await new Monitor().look({}, target as never);
    expect(Object.values(machines).map(({machine, state}) => `${machine} ${state}`)).toEqual([
      'app02 unreadable',
      'app01 ok',
      'team/db01 ok',
    ]);
  });

  test('what was read once is not read again', async () => {
    const monitor = new Monitor();
    await monitor.look();
    const {target, calls} = recording(new FileTarget(prefix));
    await monitor.look({}, target as never);
    const read = calls.filter(({operation}) => operation === 'get').map(({name}) => name);
    expect(read).toEqual([
      'app01/holdfast.json',
      'app02/holdfast.json',
      'team/holdfast.json',
      'team/db01/holdfast.json',
    ]);
  });

  // K5
  test('drills: proven, not proven for too long, failed', async () => {
    const limits = {maxUnprovenMs: 40 * DAY_MS};
    expect(problems((await new Monitor().look(limits))['app01'])).toEqual([
      'unproven: no drill ever proved that it can be restored',
    ]);
    const [passed] = await room.run('files');
    place(daily, 'app03');
    const monitor = new Monitor();
    expect((await monitor.look(limits))['app03']).toMatchObject({
      ok: true,
      lastProven: passed?.report.finished,
    });
    const old = await monitor.look({...limits, maxAgeMs: 99 * DAY_MS, now: later(50 * DAY_MS)});
    expect(problems(old['app03'])).toEqual([
      'unproven: it was last proven restorable 50 days ago; at most 40 days are allowed',
    ]);
    const [failed] = await room.run('files', {rtoMs: 1});
    place(daily, 'app03');
    expect(problems((await monitor.look(limits))['app03'])).toEqual([
      `drill failed: its last drill (${failed?.report.id}) failed`,
    ]);
    rmSync(join(daily.repositoryFolder, 'drills'), {recursive: true});
  });
});

test('what a monitor remembers is private, whole, and of one prefix', async () => {
  const monitor = new Monitor();
  await monitor.look();
  const path = join(folder, 'fleets', 'memory.json');
  new FleetMemory(path, 'file:///x').replace(monitor.reading?.memory ?? new Map());
  expect(new FleetMemory(path, 'file:///x').machines).toEqual(monitor.reading?.memory);
  expect(() => new FleetMemory(path, 'file:///y')).toThrow(/cannot be used/);
  writeFileSync(path, '{"address":"file:///x","machines":{"app01":{}}}');
  expect(() => new FleetMemory(path, 'file:///x')).toThrow(/cannot be used/);
});

test('status --fleet on the command line', async () => {
  const at = {folder};
  const first = await runCli(at, 'status', '--fleet', 'backups');
  expect(first).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('All is well: 3 machines below file://'),
  });
  expect(first.stderr).toContain('3 machines met for the first time');
  rmSync(join(prefix, 'app02'), {recursive: true});
  const gone = await runCli(at, 'status', '--fleet', 'backups', '--json');
  expect(gone.code).toBe(4);
  expect(JSON.parse(gone.stdout)).toMatchObject({
    ok: false,
    counts: {machines: 3, ok: 2, problems: 1},
    machines: [{machine: 'app02', state: 'vanished'}, {machine: 'app01'}, {machine: 'team/db01'}],
  });
  expect((await runCli(at, 'status', '--fleet', 'backups', '--forget', 'app02')).code).toBe(0);
  writeFileSync(join(folder, 'machines.txt'), '# ours\napp01\napp07  # soon\n');
  const expected = await runCli(at, 'status', '--fleet', 'backups', '--expect', 'machines.txt');
  expect(expected).toMatchObject({code: 4, stdout: expect.stringContaining('! app07: it is expected')});
  expect(await runCli(at, 'status', '--fleet', 'backups/app01')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is itself a repository'),
  });
});
