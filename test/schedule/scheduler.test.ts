/** When jobs run: a clock that the tests set, and the real memory of what ran. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {JobLog} from '../../src/catalog/job-log.ts';
import {delayMs, nextStart} from '../../src/schedule/due.ts';
import type {Job} from '../../src/schedule/jobs.ts';
import {type JobEnd, type ScheduleEvent, Scheduler} from '../../src/schedule/scheduler.ts';

const nightly: Job = {name: 'backup', kind: 'backup', cron: '30 2 * * *', timeZone: 'UTC', args: ['backup']};
const hourly: Job = {
  name: 'backup-a',
  kind: 'backup',
  cron: '0 * * * *',
  timeZone: 'UTC',
  args: ['backup', 'a'],
};
const WELL: JobEnd = {exitCode: 0, signal: null};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-jobs-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** A machine with a schedule, whose clock is set by hand. */
class Desk implements Disposable {
  readonly log = JobLog.open(join(folder, 'jobs.db'));
  readonly events: ScheduleEvent[] = [];
  readonly ran: string[] = [];
  readonly stale: boolean[] = [];
  readonly errors: unknown[] = [];
  readonly stop = new AbortController();
  readonly scheduler: Scheduler;
  now: Date;
  /** What a run does, and how it ends. */
  work: (job: Job) => Promise<JobEnd> = async () => WELL;

  constructor(now: string, jobs: readonly Job[] = [nightly], options: {lookBackMs?: number} = {}) {
    this.now = new Date(now);
    this.scheduler = new Scheduler({
      jobs,
      log: this.log,
      jitterMs: 0,
      machine: 'test',
      lookBackMs: options.lookBackMs ?? 0,
      now: () => this.now,
      signal: this.stop.signal,
      run: async (job) => {
        this.ran.push(`${job.name} ${this.now.toISOString().slice(0, 16)}`);
        return await this.work(job);
      },
      onEvent: (event) => this.events.push(event),
      afterRun: async (_job, _end, isStale) => {
        this.stale.push(isStale);
      },
    });
  }

  /** Looks at one moment for what is due, and waits for the runs. */
  async at(time: string): Promise<void> {
    this.now = new Date(time);
    this.scheduler.tick((error) => this.errors.push(error));
    await this.scheduler.ended();
  }

  /** Looks each so many minutes. */
  async each(minutes: number, from: string, to: string): Promise<void> {
    for (let ms = Date.parse(from); ms <= Date.parse(to); ms += minutes * 60_000)
      await this.at(new Date(ms).toISOString());
  }

  [Symbol.dispose](): void {
    expect(this.errors).toEqual([]);
    this.log[Symbol.dispose]();
  }
}

test('a job runs at its times, and nothing is due from before it was first seen', async () => {
  using desk = new Desk('2026-03-01T12:00Z');
  await desk.each(5, '2026-03-01T12:00Z', '2026-03-03T12:00Z');
  expect(desk.ran).toEqual(['backup 2026-03-02T02:30', 'backup 2026-03-03T02:30']);
});

test('a timer that fires for the first time finds its job due', async () => {
  using desk = new Desk('2026-03-02T02:31Z', [nightly], {lookBackMs: 900_000});
  expect(await desk.scheduler.runDue()).toEqual([WELL]);
  expect(await desk.scheduler.runDue()).toEqual([]);
});

describe('missed runs', () => {
  // H6: the machine was off
  test('are made up once, however many they were', async () => {
    using desk = new Desk('2026-03-01T12:00Z', [hourly]);
    await desk.each(1, '2026-03-01T12:00Z', '2026-03-01T13:30Z');
    await desk.each(1, '2026-03-04T08:17Z', '2026-03-04T09:30Z');
    expect(desk.ran).toEqual([
      'backup-a 2026-03-01T13:00',
      'backup-a 2026-03-04T08:17',
      'backup-a 2026-03-04T09:00',
    ]);
    expect(desk.events.filter(({kind}) => kind === 'started')).toMatchObject([
      {why: 'time'},
      {why: 'missed'},
      {why: 'time'},
    ]);
  });

  test('are made up by another process, too: what ran is remembered', async () => {
    {
      using desk = new Desk('2026-03-01T12:00Z');
      await desk.at('2026-03-02T02:30Z');
    }
    using desk = new Desk('2026-03-05T09:00Z');
    expect(await desk.scheduler.runDue()).toEqual([WELL]);
    expect(await desk.scheduler.runDue()).toEqual([]);
    expect(desk.events).toMatchObject([{kind: 'started', why: 'missed'}, {kind: 'ended'}]);
  });
});

describe('a run that is longer than its period', () => {
  // H6
  test('is not started a second time: what comes meanwhile is left out, and that is told', async () => {
    using desk = new Desk('2026-03-01T12:30Z', [hourly]);
    desk.scheduler.tick(() => {});
    let end = (_: JobEnd): void => {};
    desk.work = () => new Promise((resolve) => (end = resolve));
    for (const time of ['13:00', '13:01', '14:00', '14:01', '15:00', '15:20']) {
      desk.now = new Date(`2026-03-01T${time}Z`);
      desk.scheduler.tick((error) => desk.errors.push(error));
    }
    end(WELL);
    await desk.scheduler.ended();
    desk.work = async () => WELL;
    await desk.each(1, '2026-03-01T15:21Z', '2026-03-01T16:05Z');
    expect(desk.ran).toEqual(['backup-a 2026-03-01T13:00', 'backup-a 2026-03-01T16:00']);
    const left = desk.events.filter(({kind}) => kind === 'left out');
    expect(left).toMatchObject([
      {plannedMs: Date.parse('2026-03-01T14:00Z'), pid: process.pid},
      {plannedMs: Date.parse('2026-03-01T15:00Z')},
    ]);
  });

  test('keeps another process from starting it', async () => {
    using desk = new Desk('2026-03-01T12:30Z');
    desk.log.meet('backup', Date.parse('2026-03-01T12:30Z'));
    desk.log.start('backup', {plannedMs: 1, nowMs: 2, process: {pid: process.pid, started: ''}}, () => true);
    await desk.at('2026-03-02T02:30Z');
    expect(desk.ran).toEqual([]);
    expect(desk.events).toMatchObject([{kind: 'left out'}]);
    await expect(desk.scheduler.runNow(nightly)).rejects.toThrow(`as process ${process.pid}`);
  });
});

describe('a run that was cut off', () => {
  test('is made up once more, not for ever', async () => {
    const gone = {pid: 2 ** 22 - 1, started: 'long ago'};
    using desk = new Desk('2026-03-01T12:30Z');
    desk.log.meet('backup', desk.now.getTime());
    const start = () =>
      desk.log.start(
        'backup',
        {plannedMs: Date.parse('2026-03-02T02:30Z'), nowMs: 1, process: gone},
        () => true,
      );
    start();
    desk.work = async () => {
      desk.log.runs('backup', gone);
      throw new Error('this machine lost power'); // Neither is its end noted.
    };
    desk.now = new Date('2026-03-02T07:00Z');
    await expect(desk.scheduler.runDue()).rejects.toThrow('lost power');
    expect(desk.events).toMatchObject([{kind: 'started', why: 'cut off'}]);
    desk.work = async () => WELL;
    expect(await desk.scheduler.runDue()).toEqual([]);
    await desk.at('2026-03-03T02:30Z');
    expect(desk.ran).toEqual(['backup 2026-03-02T07:00', 'backup 2026-03-03T02:30']);
  });

  test('by our own end is made up by the next start, and no end is noted', async () => {
    {
      using desk = new Desk('2026-03-01T12:30Z');
      desk.log.meet('backup', desk.now.getTime());
      desk.work = async () => {
        desk.log.runs('backup', {pid: 2 ** 22 - 1, started: 'long ago'});
        desk.stop.abort();
        return {exitCode: 143, signal: null};
      };
      await desk.at('2026-03-02T02:30Z');
      expect(desk.events).toMatchObject([{kind: 'started'}, {kind: 'cut off'}]);
    }
    using desk = new Desk('2026-03-02T02:40Z');
    expect(await desk.scheduler.runDue()).toEqual([WELL]);
    expect(desk.events).toMatchObject([{why: 'cut off'}, {kind: 'ended'}]);
  });
});

// H3: skewed clock
test('a clock that was ahead does not keep a job from running for years', async () => {
  using desk = new Desk('2030-01-01T12:00Z');
  await desk.at('2030-01-01T12:00Z');
  await desk.at('2030-01-02T02:30Z');
  await desk.each(30, '2026-03-01T12:00Z', '2026-03-02T03:00Z');
  expect(desk.ran).toEqual(['backup 2030-01-02T02:30', 'backup 2026-03-02T02:30']);
  expect(desk.events.filter(({kind}) => kind === 'clock went back')).toHaveLength(1);
});

test('backups that fail for over two periods are stale, until one is good', async () => {
  using desk = new Desk('2026-03-01T12:00Z');
  desk.work = async () => ({exitCode: 13, signal: null});
  await desk.each(30, '2026-03-01T12:00Z', '2026-03-05T12:00Z');
  desk.work = async () => ({exitCode: 3, signal: null});
  await desk.each(30, '2026-03-05T12:00Z', '2026-03-06T12:00Z');
  expect(desk.stale).toEqual([false, false, true, true, false]);
});

test('the delay of a machine is the same each time, below its limit, and differs between machines', () => {
  const now = new Date('2026-03-01T12:00Z');
  const of = (machine: string, job: Job) => delayMs(job, {jitterMs: 600_000, machine, now});
  const delays = Array.from({length: 50}, (_, index) => of(`vm${index}`, nightly));
  expect(new Set(delays).size).toBeGreaterThan(40);
  expect(Math.max(...delays)).toBeLessThan(600_000);
  expect(of('vm1', nightly)).toBe(of('vm1', nightly));
  for (let index = 0; index < 50; index++)
    expect(of(`vm${index}`, {...nightly, cron: '*/5 * * * *'})).toBeLessThanOrEqual(30_000);
  expect(nextStart(nightly, new Date('2026-03-01T02:31Z'), 120_000)).toEqual(new Date('2026-03-01T02:32Z'));
});

test('a damaged memory is moved aside, and all jobs are new', () => {
  const path = join(folder, 'broken.db');
  writeFileSync(path, 'no database'.repeat(100));
  const moved: string[] = [];
  using log = JobLog.open(path, (to) => moved.push(to));
  expect(moved).toEqual([`${path}.damaged`]);
  expect(log.meet('backup', 5)).toMatchObject({plannedMs: 5, startedMs: null, goodMs: 5});
});
