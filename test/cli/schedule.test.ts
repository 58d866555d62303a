/** The schedule as an operator meets it: installed lines and units without an environment, the daemon, its signals. */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {JobLog} from '../../src/catalog/job-log.ts';
import {schedule} from '../../src/cli/doctor-schedule.ts';
import {parseConfig} from '../../src/config/config.ts';
import {calendarOf} from '../../src/schedule/install/calendar.ts';
import {markLine} from '../../src/schedule/install/setting.ts';
import {withLines} from '../../src/schedule/install/user-crontab.ts';
import {startCli} from '../support/cli.ts';
import {leftOut} from '../support/skips.ts';
import {Scratch} from './scratch.ts';

interface Listed {
  readonly jobs: readonly {
    readonly name: string;
    readonly next: string | null;
    readonly last: string | null;
    readonly lastExitCode: number | null;
    readonly running: boolean;
  }[];
  readonly installed: readonly string[];
}

const home = new Scratch();
const config = home.path('etc', 'holdfast.yaml');
const catalog = home.path('state', 'catalog.db');
const environment = home.path('etc', 'environment');
const fifo = home.path('gate');

/** @param lines what the config says beside repository, keys and catalog */
function configure(lines: string): void {
  writeFileSync(
    config,
    `${readFileSync(`${config}.begin`, 'utf8')}\ncatalog: ${catalog}\nrecipients: [${home.path('ops.public.asc')}]\n${lines}\n`,
    {mode: 0o600},
  );
}

const SOURCES = `sources:
  app: { folder: "\${env:PLACE}" }
  nightly: { folder: "\${env:PLACE}", schedule: "40 2 * * *" }
`;

beforeAll(async () => {
  mkdirSync(home.path('etc'));
  home.write('data/file', 'content');
  home.env = {HOLDFAST_PASSPHRASE: 'correct horse', HOLDFAST_CONFIG: config, PLACE: home.path('data')};
  await home.must(['keygen', 'ops']);
  await home.must(['init', home.path('repository'), '--recipient', 'ops.public.asc']);
  const begin = readFileSync(config, 'utf8')
    .split('\n')
    .filter((line) => /^(?:repository|repositoryId|agent):/.test(line));
  writeFileSync(`${config}.begin`, begin.join('\n'));
  home.env = {HOLDFAST_CONFIG: config, PLACE: home.path('data')};
  home.write('etc/environment', `# for jobs\nPLACE="${home.path('data')}"\n`);
  execFileSync('mkfifo', [fifo]);
});
afterAll(() => home[Symbol.dispose]());

const list = async () => (await home.json<Listed>(['schedule', 'list'])).json;
/** Notes that jobs were last dealt with long ago, so that they are due. */
function forget(...names: string[]): void {
  using log = JobLog.open(catalog.replace(/\.db$/, '.jobs.db'));
  for (const name of names) log.resetTo(name, log.meet(name, 0).plannedMs - 10 * 86_400_000);
}

describe('what "schedule install" writes', () => {
  test('is shown, and nothing is written without a yes', async () => {
    configure(`${SOURCES}schedule: "* * * * *"`);
    const to = home.path('shown');
    const ran = await home.run([
      'schedule',
      'install',
      '--cron',
      '--output',
      to,
      '--environment',
      environment,
    ]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('--yes');
    expect(ran.stdout).toContain('schedule run backup --due --quiet');
    expect(existsSync(to)).toBe(false);
  });

  test('is refused while the jobs would lack what only this shell has', async () => {
    configure(`${SOURCES}schedule: "* * * * *"`);
    const lacking = await home.run(['schedule', 'install', '--cron', '--yes', '--output', home.path('no')]);
    expect(lacking.code).toBe(2);
    expect(lacking.stderr).toContain('`PLACE` is not set');
    expect(lacking.stderr).toContain('--environment');
    chmodSync(environment, 0o644);
    const open = await home.run(['schedule', 'install', '--cron', '--yes', '--environment', environment]);
    chmodSync(environment, 0o600);
    expect(open.code).toBe(2);
    expect(open.stderr).toContain('can be read by others');

    // What the file has, the shell need not have.
    const {PLACE = '', ...others} = home.env;
    home.env = others;
    const to = home.path('without');
    const shown = await home.run([
      'schedule',
      'install',
      '--cron',
      '--yes',
      '--output',
      to,
      '--environment',
      environment,
    ]);
    home.env = {...others, PLACE};
    expect(shown).toMatchObject({code: 0, stderr: ''});
  });

  test('are lines of cron that run with an empty environment', async () => {
    configure(`${SOURCES}schedule: { backup: "30 2 * * *", jitter: 0s }`);
    const to = home.path('cron.d');
    await home.must(['schedule', 'install', '--cron', '--yes', '--output', to, '--environment', environment]);
    const text = readFileSync(join(to, 'holdfast'), 'utf8');
    const lines = text.split('\n').filter((line) => /^[\d*]/.test(line));
    expect(lines).toHaveLength(3); // Two jobs, and what was missed.
    forget('backup', 'backup-nightly');
    for (const line of [lines[0] ?? '', lines[2] ?? '']) {
      const [, command = ''] = line.split(/\s{2,}root\s{2,}/);
      const {status, stdout, stderr} = spawnSync('/usr/bin/env', ['-i', '/bin/sh', '-c', command], {
        encoding: 'utf8',
      });
      expect({status, stdout, stderr}).toEqual({status: 0, stdout: '', stderr: ''});
    }
    const {jobs} = await list();
    expect(jobs).toMatchObject([
      {name: 'backup', lastExitCode: 0, running: false},
      {name: 'backup-nightly', lastExitCode: 0, running: false},
    ]);
    for (const {next, last} of jobs) {
      expect(Date.parse(next ?? '')).toBeGreaterThan(Date.now());
      expect(Date.parse(last ?? '')).toBeGreaterThan(Date.now() - 600_000);
    }
  });

  test('are units of systemd that run with what they say, and nothing else', async () => {
    configure(`${SOURCES}schedule: { backup: "30 2 1,15 * 1-5", jitter: 10m }\ntimezone: Europe/Athens`);
    const to = home.path('units');
    const {json} = await home.json<{files: {path: string}[]; written: boolean}>([
      ...['schedule', 'install', '--systemd', '--yes', '--output', to, '--environment', environment],
    ]);
    expect(json.written).toBe(true);
    expect(readdirSync(to).sort()).toEqual(
      ['backup-nightly', 'backup'].flatMap((name) => [`holdfast-${name}.service`, `holdfast-${name}.timer`]),
    );
    verifyUnits(json.files.map(({path}) => path));
    const timer = readFileSync(join(to, 'holdfast-backup.timer'), 'utf8');
    for (const line of ['Persistent=true', 'RandomizedDelaySec=600', 'WantedBy=timers.target'])
      expect(timer).toContain(line);
    expect(timer.match(/^OnCalendar=.*$/gm)).toEqual([
      'OnCalendar=*-*-01,15 02:30:00 Europe/Athens',
      'OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 02:30:00 Europe/Athens',
      'OnCalendar=*-*-01,15 03:30:00 Europe/Athens',
      'OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 03:30:00 Europe/Athens',
    ]);
    const service = readFileSync(join(to, 'holdfast-backup-nightly.service'), 'utf8');
    for (const line of [
      'Type=oneshot',
      'Nice=10',
      'IOSchedulingClass=best-effort',
      `LoadCredential=environment:${environment}`,
      'ProtectSystem=strict',
      'NoNewPrivileges=true',
    ])
      expect(service).toContain(`\n${line}\n`);
    const valuesOf = (name: string) =>
      [...service.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
    const credentials = home.path('credentials');
    mkdirSync(credentials);
    writeFileSync(join(credentials, 'environment'), readFileSync(environment), {mode: 0o400});
    const [start = ''] = valuesOf('ExecStart');
    forget('backup-nightly');
    const {status, stderr} = spawnSync(
      '/usr/bin/env',
      ['-i', ...valuesOf('Environment'), `CREDENTIALS_DIRECTORY=${credentials}`, '/bin/sh', '-c', start],
      {encoding: 'utf8'},
    );
    expect({status, stderr}).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('backup-nightly ended with exit code 0'),
    });
    // What is no job any more goes; what is somebody else's stays.
    configure('sources: { app: { folder: /x } }\nschedule: "0 * * * *"');
    await home.must(['schedule', 'install', '--systemd', '--yes', '--output', to]);
    expect(readdirSync(to).sort()).toEqual(['holdfast-backup.service', 'holdfast-backup.timer']);
    writeFileSync(join(to, 'holdfast-other.timer'), '# by hand\n');
    await home.must(['schedule', 'remove', '--yes', '--output', to]);
    expect(readdirSync(to)).toEqual(['holdfast-other.timer']);
  });
});

function verifyUnits(paths: readonly string[]): void {
  const {status, stderr, error} = spawnSync('systemd-analyze', ['verify', ...paths], {encoding: 'utf8'});
  if (error !== undefined) leftOut('units of systemd', 'systemd-analyze is not there', {tolerated: true});
  else expect({status, stderr}).toEqual({status: 0, stderr: ''});
}

test('times of cron are the same to systemd', () => {
  const crons = ['30 2 * * *', '*/20 8-17 * * 1-5', '0 0 29 2 *', '5 4 1 */3 *', '0 12 13 * 5'];
  const calendars = crons.flatMap((cron) => calendarOf(cron, 'America/New_York'));
  expect(calendars).toEqual([
    '*-*-* 02:30:00 America/New_York',
    'Mon,Tue,Wed,Thu,Fri *-*-* 08,09,10,11,12,13,14,15,16,17:00,20,40:00 America/New_York',
    '*-02-29 00:00:00 America/New_York',
    '*-01,04,07,10-01 04:05:00 America/New_York',
    '*-*-13 12:00:00 America/New_York',
    'Fri *-*-* 12:00:00 America/New_York',
  ]);
  const {status, error} = spawnSync('systemd-analyze', ['calendar', ...calendars]);
  if (error === undefined) expect(status).toBe(0);
});

test('in the crontab of a user, other lines stay', () => {
  const others = 'MAILTO=me\n0 1 * * * other\n';
  const mine = '# Written by "holdfast schedule install" for /a.yaml\n1 * * * * holdfast\n';
  const once = withLines(others, '/a.yaml', mine);
  expect(once).toContain('0 1 * * * other\n\n# Written');
  expect(withLines(once, '/a.yaml', mine)).toBe(once);
  const more = withLines(`${once}5 5 * * * later\n`, '/b.yaml', mine.replace('/a', '/b'));
  expect(withLines(withLines(more, '/b.yaml', ''), '/a.yaml', '')).toBe(`${others}\n5 5 * * * later\n`);
  expect(withLines('', '/a.yaml', '')).toBe('');
});

test('doctor sees whether something starts the jobs, and whether they ran', () => {
  const folder = home.path('doctor');
  mkdirSync(folder);
  const text = `catalog: ${home.path('doctor', 'catalog.db')}\nsources: { app: { folder: /x } }\nschedule: "30 2 * * *"\ntimezone: UTC`;
  const checked = (now: string, yaml = text) =>
    schedule(parseConfig(yaml, {path: '/etc/holdfast.yaml', env: {}}), {
      env: {},
      now: new Date(now),
      folders: [folder],
    });
  expect(checked('2026-03-01T12:00Z', 'sources: { app: { folder: /x } }')).not.toHaveProperty('hint');
  expect(checked('2026-03-01T12:00Z').hint).toContain('schedule install');
  writeFileSync(join(folder, 'holdfast'), `${markLine('/etc/holdfast.yaml')}\n`);
  using log = JobLog.open(home.path('doctor', 'catalog.jobs.db'));
  log.meet('backup', Date.parse('2026-03-01T12:00Z'));
  expect(checked('2026-03-02T02:40Z')).toEqual({detail: 'One job, started by holdfast; none is late.'});
  expect(checked('2026-03-02T05:00Z')).toMatchObject({detail: 'Did not run when it should have: backup.'});
  const ran = {plannedMs: Date.parse('2026-03-02T02:30Z'), nowMs: 1, process: {pid: 1, started: ''}};
  log.start('backup', ran, () => true);
  log.finish('backup', {exitCode: 13, nowMs: 2});
  expect(checked('2026-03-02T05:00Z').detail).toContain('backup (exit code 13)');
});

describe('schedule run', () => {
  const held = () =>
    configure(
      `sources: { app: { folder: ${home.path('data')}, before: { shell: "echo at the gate >&2; echo > ${fifo}; read x < ${fifo}" } } }\nschedule: { backup: "30 2 * * *", jitter: 0s }`,
    );
  const open = () =>
    configure(
      `sources: { app: { folder: ${home.path('data')} } }\nschedule: { backup: "30 2 * * *", jitter: 0s }`,
    );
  /** Waits until the job is in the midst of its work. */
  const atGate = async (): Promise<void> => {
    const [code] = await once(spawn('/bin/sh', ['-c', `read x < ${fifo}`]), 'close');
    expect(code).toBe(0);
  };

  test('makes up what was missed, one job never beside itself; SIGTERM ends it, and what was cut off is made up', async () => {
    held();
    forget('backup');
    const daemon = startCli({folder: home.home, env: home.env}, ['schedule', 'run'], {timeoutMs: 120_000});
    await atGate();
    const [job] = (await list()).jobs;
    expect(job).toMatchObject({name: 'backup', running: true});
    const second = await home.run(['schedule', 'run', 'backup']);
    expect(second.code).toBe(11);
    expect(second.stderr).toContain('runs already, as process');
    daemon.child.kill('SIGTERM');
    const ended = await daemon.ended;
    expect(ended.code).toBe(143);
    expect(ended.stderr).toMatch(/backup starts: its run of .* was missed\./);
    expect(ended.stderr).toContain('backup was told to stop; it is made up');
    expect(ended.stderr).toContain('Stopped.');

    open();
    const again = await home.json<{jobs: {name: string; exitCode: number}[]}>(['schedule', 'run', '--due']);
    expect(again.stderr).toContain('backup starts: its last run was cut off.');
    expect(again.json.jobs).toMatchObject([{name: 'backup', exitCode: 0}]);
    expect((await home.must(['schedule', 'run', '--due'])).stderr).toContain('Nothing is due');
  });

  test('a changed configuration is read by the daemon; one that is not valid is told, and the schedule stays', async () => {
    const told = home.path('told');
    const notify = `notify: { command: { run: { shell: "cat >> ${told}" }, on: [failure] } }`;
    const sources = `sources: { app: { folder: ${home.path('data')} } }\n${notify}\n`;
    configure(`${sources}schedule: { backup: "30 2 * * *", jitter: 0s }`);
    const {child, ended} = startCli({folder: home.home, env: home.env}, ['schedule', 'run'], {
      timeoutMs: 120_000,
    });
    let stderr = '';
    child.stderr?.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    const says = async (text: string): Promise<void> => {
      while (!stderr.includes(text)) {
        const said = once(child.stderr as NodeJS.EventEmitter, 'data').then(() => false);
        if (await Promise.race([said, ended.then(() => true)]))
          throw new Error(`It ended, and said: ${stderr}`);
      }
    };
    await says('Waiting for backup.');
    configure(`${sources}schedule: { backup: "30 2 * * *", verify: "0 5 * * 0", jitter: 0s }`);
    child.kill('SIGHUP');
    await says(`${config} has changed, and was read again.`);
    await says('Waiting for backup, verify.');

    configure(`${sources}schedule: { backup: "99 2 * * *" }`);
    child.kill('SIGHUP');
    await says('Error: The schedule stays as it was.');
    configure(`${sources}schedule: { verify: "0 5 * * 0", jitter: 0s }`);
    child.kill('SIGHUP');
    await says('Waiting for verify.');
    expect(readFileSync(told, 'utf8')).toMatch(/"event":"failure".*The schedule stays as it was/);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
  });

  test('a scheduler and its job that are killed leave a run that is made up', async () => {
    held();
    forget('backup');
    const due = startCli({folder: home.home, env: home.env}, ['schedule', 'run', '--due'], {
      timeoutMs: 120_000,
    });
    await atGate();
    using log = JobLog.open(catalog.replace(/\.db$/, '.jobs.db'));
    process.kill(due.child.pid as number, 'SIGKILL');
    process.kill(-(log.get('backup')?.pid as number), 'SIGKILL'); // The job with all that it started.
    await due.ended;
    open();
    const again = await home.json<{jobs: {exitCode: number}[]}>(['schedule', 'run', '--due']);
    expect(again.json.jobs).toMatchObject([{exitCode: 0}]);
  });

  test('names what there is, and ends as its job does', async () => {
    configure('sources: { app: { folder: /no/such/folder } }\nschedule: "30 2 * * *"');
    const wrong = await home.run(['schedule', 'run', 'bakcup']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean "backup"?');
    const failed = await home.run(['schedule', 'run', 'backup']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('backup ended with exit code 1');
    configure('sources: { app: { folder: /x } }');
    const none = await home.run(['schedule', 'list']);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('schedule: "30 2 * * *"');
    rmSync(fifo);
  });
});
