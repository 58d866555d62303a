/** What the commands say about things that are no plain success and no plain failure. */
import {execFileSync} from 'node:child_process';
import {chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {WarningList} from '../../src/operations/warnings.ts';
import {runCli} from '../support/cli.ts';
import {Machine} from '../support/machine.ts';
import {Scratch} from './scratch.ts';

const DAY_MS = 86_400_000;
const user = new Scratch();
const isRoot = process.getuid?.() === 0;

/** A machine's own home, with its configuration of the shared repository. */
function place(name: string): {cwd: string; env: Record<string, string>} {
  mkdirSync(user.path(name), {recursive: true});
  return {cwd: user.path(name), env: {XDG_STATE_HOME: user.path(name, 'state')}};
}
const agents: string[] = [];
const [first, second, client, stranger] = ['first', 'second', 'client', 'stranger'].map(place);

function nameSource(at: {cwd: string} | undefined, source: string): void {
  const file = join(at?.cwd ?? '', 'holdfast.yaml');
  writeFileSync(file, `${readFileSync(file, 'utf8')}sources:\n  docs: ${source}\n`);
}

beforeAll(async () => {
  await user.must(['keygen', 'ops', '--no-passphrase']);
  user.write('data/one', 'content');
  const init = ['init', user.path('repo'), '--recipient', user.path('ops.public.asc')];
  agents.push((await user.json<{agent: string}>(init, first)).json.agent);
  nameSource(first, `{folder: ${user.path('data')}}`);
});
afterAll(() => user[Symbol.dispose]());

test('one of something is no plural, and backup and snapshots say the same figure', async () => {
  const made = await user.json<{snapshots: {bytes: {stored: number}}[]}>(['backup'], first);
  const listed = await user.json<{snapshots: {bytes: {stored: number}}[]}>(['snapshots'], first);
  expect(listed.json.snapshots[0]?.bytes.stored).toBe(made.json.snapshots[0]?.bytes.stored);
  const {stdout} = await user.must(['backup'], first);
  expect(stdout).toContain('  1 entry: 0 new');
  expect(stdout).not.toContain('in 0 s');
  expect((await user.must(['catalog', 'info'], first)).stdout).toMatch(/2 snapshots, \d+ blobs/);
});

test('first contact takes two lines, the second of them the fingerprint alone', async () => {
  const args = ['snapshots', '--repository', user.path('repo')];
  const lines = (await user.must(args, client)).stderr.trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(
      /^This machine meets repository [0-9a-f]{32} for the first time\. Compare its agent/,
    ),
    expect.stringMatching(/^\s*[0-9a-f]{64}$/),
  ]);
  expect((await user.must(args, client)).stderr).toBe('');
});

// G5
test('a suspicious backup is exit 3, marked in the list, told when it is restored, and accepted with --allow-empty', async () => {
  const at = place('suspicious');
  await user.must(['init', user.path('suspicious/repo'), '--recipient', user.path('ops.public.asc')], at);
  const source = user.path('suspicious/dump');
  writeFileSync(source, 'x'.repeat(3 * 2 ** 20));
  nameSource(at, `{command: "cat ${source}", name: dump.sql}`);
  const good = await user.json<{snapshots: {id: string}[]}>(['backup'], at);
  writeFileSync(source, 'x'.repeat(2 ** 20));
  const {code, stderr} = await user.run(['backup'], at);
  expect(code).toBe(3);
  expect(stderr).toContain('docs: suspicious: dump.sql has 1048576 bytes; the last good one had 3145728');
  const {json} = await user.json<{snapshots: {suspect: string[]}[]}>(['snapshots'], at);
  expect(json.snapshots.map(({suspect}) => suspect)).toEqual([[], ['halved']]);
  expect((await user.must(['snapshots'], at)).stdout).toMatch(/ incr\., suspect /);
  const restore = [
    'restore',
    'latest',
    '--to',
    user.path('suspicious/to'),
    '--key',
    user.path('ops.private.asc'),
  ];
  const restored = await user.must(restore, at);
  expect(restored.stderr).toContain(
    `is suspect (halved); the last good one before it is ${good.json.snapshots[0]?.id}`,
  );
  await user.must(['backup', '--allow-empty'], at);
  await user.must(['backup'], at);
});

describe('after another machine joined', () => {
  beforeAll(async () => {
    const joining = ['init', user.path('repo'), '--join', '--recipient', user.path('ops.public.asc')];
    agents.push((await user.json<{agent: string}>(joining, second)).json.agent);
    nameSource(second, `{folder: ${user.path('data')}}`);
  });

  test('the generation of the other agent is no damage: backup and catalog rebuild say whose it is', async () => {
    const {stderr} = await user.must(['backup'], second);
    expect(stderr).toMatch(/generation \S+ was made by another agent; a new one starts/);
    await user.must(['backup'], second);
    const rebuilt = await user.must(['catalog', 'rebuild'], second);
    expect(rebuilt.stderr).toMatch(/made by another agent \([0-9a-f]{64}\); this one cannot open it\./);
    expect(rebuilt.stdout).toMatch(/1 generation, 4 snapshots/);
  });

  test('a machine that knows only the first agent is told of the second one once, not seal by seal', async () => {
    const args = ['verify', '--repository', user.path('repo')];
    const {code, stdout, stderr} = await user.run(args, client);
    expect(code).toBe(4);
    const told = stdout.split('\n').filter((line) => line.startsWith('agent '));
    expect(told).toEqual([
      expect.stringMatching(
        /^agent [0-9a-f]{16}…: 2 seals are signed by this agent, which is not approved here/,
      ),
    ]);
    expect(stdout).toContain(' 1 problem.');
    expect(stderr).toMatch(/To approve it: --agent [0-9a-f]{64}/);
    const fingerprint = /--agent ([0-9a-f]{64})/.exec(stderr)?.[1] as string;
    expect((await user.must([...args, '--agent', fingerprint], client)).stdout).toContain('No problems.');
  });

  test('verify that finds something says so on stderr, too; a snapshot without its seal is not called unfinished', async () => {
    const seals = execFileSync('find', [user.path('repo', 'docs'), '-path', '*seals*', '-type', 'f'], {
      encoding: 'utf8',
    });
    const newest = seals.split('\n').find((name) => name.includes('/0000000004-')) as string;
    const bytes = readFileSync(newest);
    rmSync(newest);
    const both = agents.flatMap((agent) => ['--agent', agent]);
    // To somebody new, the rest is a sound history.
    const {stdout} = await user.must(['verify', '--repository', user.path('repo'), ...both], stranger);
    expect(stdout).toMatch(/1 object belongs to no snapshot \(1 snapshot object without a seal\): either/);
    expect(stdout).not.toContain('the next backup resumes');
    const known = await user.run(['verify', '--repository', user.path('repo')], client);
    expect([known.code, known.stderr]).toEqual([
      4,
      expect.stringContaining('Not verified: 1 problem in file:'),
    ]);
    writeFileSync(newest, bytes);
  });
});

describe('clocks', () => {
  const at = (ms: number) => ({now: () => new Date(Date.now() + ms)});

  test('E4: a clock that was set back is told with the snapshot, which is made', async () => {
    await using machine = await Machine.create();
    writeFileSync(join(machine.source, 'file'), 'content');
    await machine.backup({}, {}, at(DAY_MS));
    const {warnings, id} = await machine.backup();
    expect(id).not.toBeNull();
    expect(warnings).toEqual([{path: '', problem: expect.stringMatching(/^the clock of this machine says/)}]);
  });

  test('E4: after a clock that was years ahead, the latest snapshot is the last one, and full backups come when they are due', async () => {
    await using machine = await Machine.create();
    const file = join(machine.source, 'file');
    writeFileSync(file, 'ahead');
    await machine.backup({}, {}, at(1000 * DAY_MS));
    writeFileSync(file, 'set right');
    const later = (days: number) => machine.backup({}, {fullAfterMs: 30 * DAY_MS}, at(days * DAY_MS));
    expect((await later(0)).kind).toBe('incremental');
    for (const reference of ['latest', 'latest:files']) {
      expect(readFileSync(join(await machine.restored(reference), 'file'), 'utf8')).toBe('set right');
    }
    expect((await later(29)).kind).toBe('incremental');
    expect((await later(31)).kind).toBe('full');
    expect((await later(32)).kind).toBe('incremental');
    expect((await later(62)).kind).toBe('full');
  });

  test('E5: a seal dated ahead is told as skew of a clock, and counts', async () => {
    await using machine = await Machine.create();
    writeFileSync(join(machine.source, 'file'), 'content');
    await machine.backup({}, {}, at(5 * 60_000));
    const run = () =>
      runCli(
        {folder: machine.folder},
        'verify',
        '--repository',
        machine.repositoryFolder,
        '--level',
        'structure',
      );
    expect((await run()).stderr).not.toContain('future');
    await machine.backup({}, {}, at(2 * DAY_MS));
    const {code, stderr} = await run();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /newest snapshot of files was made (2 d|1 d 23 h) in the future by this machine's clock/,
    );
  });

  test('D7: at the first contact, a history that ends earlier than its rhythm suggests is told', async () => {
    await using machine = await Machine.create();
    for (const days of [-9, -8, -7, -6]) await machine.backup({allowEmpty: true}, {}, at(days * DAY_MS));
    const snapshots = () =>
      runCli({folder: machine.folder}, 'snapshots', '--repository', machine.repositoryFolder);
    const meeting = await snapshots();
    expect(meeting.code).toBe(0);
    expect(meeting.stderr).toMatch(/newest snapshot of files is 6 d old, though one was made every 1 d/);
    expect((await snapshots()).stderr).toBe('');
  });

  // A storage that was emptied, or another prefix with a repository in it: at the first contact, nothing else tells.
  test.each(['verify', 'status'])(
    'D12: %s of a repository without a snapshot is no success',
    async (command) => {
      await using machine = await Machine.create();
      const ran = await runCli(
        {folder: machine.folder},
        command,
        '--repository',
        machine.repositoryFolder,
        '--json',
      );
      expect(ran.code).toBe(4);
      expect(JSON.parse(ran.stdout)).toMatchObject({ok: false, problems: [expect.anything()]});
      const told = await runCli({folder: machine.folder}, command, '--repository', machine.repositoryFolder);
      expect(told.stdout + told.stderr).toMatch(/no snapshot.*\n(.*\n)*Hint: .*another prefix.*emptied/i);
    },
  );

  test('D1: a repository that lost its marker is not to be made anew', async () => {
    await using machine = await Machine.create();
    rmSync(join(machine.repositoryFolder, 'holdfast.json'));
    const ran = await runCli({folder: machine.folder}, 'snapshots', '--repository', machine.repositoryFolder);
    expect(ran.code).toBe(10);
    expect(ran.stderr).toMatch(
      /other objects are there, but not holdfast\.json\.\nHint: .*recover\.py.*Do not run "holdfast init" there/,
    );
  });
});

test('E2: a recipient that expires within 30 days is named at init and at each backup', async () => {
  const home = place('expiring');
  await user.must(['keygen', 'soon', '--no-passphrase', '--expires', '20d'], home);
  await user.must(['keygen', 'later', '--no-passphrase', '--expires', '40d'], home);
  const init = ['init', 'repo', '--recipient', 'soon.public.asc', '--recipient', 'later.public.asc'];
  const words = /soon\.public\.asc expires in 20 days, on \d{4}-\d\d-\d\d/;
  const made = await user.must(init, home);
  expect(made.stderr).toMatch(words);
  expect(made.stderr).not.toContain('later');
  nameSource(home, `{folder: ${user.path('data')}}`);
  expect((await user.must(['backup'], home)).stderr).toMatch(words);
});

describe.runIf(isRoot)('as root', () => {
  test('I5: a recipient, or a program of a hook, that others can change is refused before anything is done', async () => {
    const home = place('trusting');
    const key = join(home.cwd, 'key.asc');
    writeFileSync(key, readFileSync(user.path('ops.public.asc')));
    chmodSync(key, 0o664);
    const init = ['init', 'repo', '--recipient', key];
    const group = await user.run(init, home);
    expect([group.code, group.stderr]).toEqual([2, expect.stringContaining('can be changed by its group')]);
    chmodSync(key, 0o644);
    chownSync(key, 65534, 0);
    const owned = await user.run(init, home);
    expect([owned.code, owned.stderr]).toEqual([
      2,
      expect.stringContaining('belongs to another user (uid 65534)'),
    ]);
    chownSync(key, 0, 0);
    await user.must(init, home);
    const hook = join(home.cwd, 'stop.sh');
    writeFileSync(hook, '#!/bin/sh\n');
    chmodSync(hook, 0o757);
    nameSource(home, `{folder: ${user.path('data')}, before: ${hook}}`);
    const run = await user.run(['backup'], home);
    expect([run.code, run.stderr]).toEqual([
      2,
      expect.stringContaining('stop.sh can be changed by everybody'),
    ]);
    chmodSync(hook, 0o755);
    await user.must(['backup'], home);
  });

  test('what only root can bring back is named so; with --no-special it is left out as asked', async () => {
    const home = place('special');
    mkdirSync(join(home.cwd, 'data'));
    writeFileSync(join(home.cwd, 'data', 'program'), 'x');
    chmodSync(join(home.cwd, 'data', 'program'), 0o4755);
    await user.must(['init', 'repo', '--recipient', user.path('ops.public.asc')], home);
    nameSource(home, `{folder: ${join(home.cwd, 'data')}}`);
    await user.must(['backup'], home);
    const restore = [
      'restore',
      'latest',
      '--repository',
      join(home.cwd, 'repo'),
      '--key',
      user.path('ops.private.asc'),
    ];
    const asked = await user.run([...restore, '--to', 'asked', '--no-special'], home);
    expect([asked.code, asked.stderr]).toEqual([3, expect.stringContaining('bit is left out, as asked')]);
    execFileSync('chown', ['-R', '65534:65534', home.cwd, user.path('ops.private.asc')]);
    chmodSync(user.home, 0o755);
    const other = await user.run([...restore, '--to', 'mine'], {...home, uid: 65534});
    execFileSync('chown', ['-R', '0:0', home.cwd, user.path('ops.private.asc')]);
    expect([other.code, other.stderr]).toEqual([
      3,
      expect.stringContaining('bit is left out: only root can bring it back, so restore as root'),
    ]);
  });

  test('F3: a source of which nothing can be read says why, with the first reason', async () => {
    const home = place('unreadable');
    mkdirSync(join(home.cwd, 'data', 'closed'), {recursive: true});
    writeFileSync(join(home.cwd, 'key.asc'), readFileSync(user.path('ops.public.asc')));
    await user.must(['init', 'repo', '--recipient', 'key.asc'], home);
    nameSource(home, `{folder: ${join(home.cwd, 'data')}}`);
    execFileSync('chown', ['-R', '65534:65534', home.cwd]);
    chmodSync(user.home, 0o755);
    chmodSync(join(home.cwd, 'data', 'closed'), 0o000);
    const {code, stderr} = await user.run(['backup'], {...home, uid: 65534});
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('has 0 entries. 1 could not be read; the first: closed: permission denied.'),
    ]);
  });
});

test('J1: what a hook says goes through the redaction, in JSON, too', async () => {
  const home = place('talking');
  await user.must(['init', 'repo', '--recipient', user.path('ops.public.asc')], home);
  const hook = join(home.cwd, 'start.sh');
  writeFileSync(hook, '#!/bin/sh\necho "no answer from https://app:CANARY-7@db.example/x" >&2; exit 1\n', {
    mode: 0o755,
  });
  nameSource(home, `{folder: ${user.path('data')}, after: ${hook}}`);
  const after = await user.json(['backup'], home);
  expect(after.code).toBe(3);
  expect(after.stdout).toContain('no answer from https://[redacted]@db.example');
  writeFileSync(
    join(home.cwd, 'holdfast.yaml'),
    readFileSync(join(home.cwd, 'holdfast.yaml'), 'utf8').replace(/after:/g, 'before:'),
  );
  const before = await user.json(['backup'], home);
  expect(before.code).toBe(1);
  expect(before.stdout).toContain('no answer from https://[redacted]@db.example');
  for (const {stdout, stderr} of [after, before]) expect(stdout + stderr).not.toContain('CANARY');
});

test('F8: without koffi, a backup says once what it leaves out', async () => {
  const home = place('bare');
  const block = join(home.cwd, 'block.cjs');
  writeFileSync(
    block,
    `const Module = require('node:module');
const load = Module._load;
Module._load = function (name, ...rest) {
  if (name === 'koffi') throw new Error('koffi is not there');
  return load.call(this, name, ...rest);
};
`,
  );
  await user.must(['init', 'repo', '--recipient', user.path('ops.public.asc')], home);
  nameSource(home, `{folder: ${user.path('data')}}`);
  const {code, stderr} = await user.run(['backup'], {
    ...home,
    env: {...home.env, NODE_OPTIONS: `--require ${block}`},
  });
  expect(code).toBe(3);
  expect(stderr.match(/package koffi/g)).toHaveLength(1);
  const status = await user.run(['status'], home);
  expect(status.stdout).not.toContain('All is well.');
  expect(status.stdout).toMatch(
    /^! docs: the newest snapshot has 1 warning\..* holdfast backup docs --dry-run$/m,
  );
  expect(status.code).toBe(0);
  expect((await user.json(['status'], home)).json).toMatchObject({ok: true, sources: [{warnings: 1}]});
});

test('F9: paths of warnings that are not UTF-8 are escaped, not blurred', () => {
  const list = new WarningList();
  list.add(Buffer.from([0x61, 0xff, 0x2f, 0xc3, 0xa4]), 'permission denied');
  expect(list.kept).toEqual([{path: 'a\\xff/ä', problem: 'permission denied'}]);
});

test('version tells, and asks nobody: it has no --verbose', async () => {
  const {stdout} = await user.must(['version']);
  expect(stdout).toMatch(/^holdfast\/\S+ linux-\w+ node-v\d+\.\S+, repository format 1\n$/);
  expect((await user.run(['version', '--verbose'])).code).toBe(2);
});

test('an argument where none belongs is called so, also after a command of two words', async () => {
  const {code, stderr} = await user.run(['config', 'check', 'holdfast.yaml']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('Unexpected argument: holdfast.yaml')]);
});
