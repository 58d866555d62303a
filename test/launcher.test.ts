import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {leftOut} from './support/skips.ts';

const root = join(import.meta.dirname, '..');
const OLD_NODE = '/usr/bin/node';

/** A package with Holdfast's launcher, and in place of Holdfast a program that says what it sees. */
const PROGRAM = `
export async function main(argv) {
  const {stdin} = process;
  console.log(JSON.stringify({version: process.version, pid: process.pid, argv}));
  if (argv[0] === 'exit') process.exit(Number(argv[1]));
  if (argv[0] === 'crash') process.kill(process.pid, argv[1]);
  if (argv[0] === 'echo') for await (const chunk of stdin) process.stdout.write(chunk);
  if (argv[0] === 'wait') {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => process.exit(signal === 'SIGTERM' ? 143 : 130));
    }
    console.error('waiting');
    setInterval(() => {}, 1000);
  }
}`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-launcher-'));
  cpSync(join(root, 'bin'), join(folder, 'bin'), {recursive: true});
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  mkdirSync(join(folder, 'dist/cli'), {recursive: true});
  writeFileSync(join(folder, 'dist/cli/main.js'), PROGRAM);
  mkdirSync(join(folder, 'node_modules'));
});

afterEach(() => rmSync(folder, {recursive: true, force: true}));

function install(...packages: string[]): void {
  for (const name of packages)
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
}

function launch(node: string, ...args: string[]): ChildProcess {
  const env = {...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: '', HOME: join(folder, 'home')};
  return spawn(node, [join(folder, 'bin/run.js'), ...args], {env});
}

async function outcome(child: ChildProcess) {
  const output = {stdout: '', stderr: ''};
  child.stdout?.on('data', (data) => (output.stdout += data));
  child.stderr?.on('data', (data) => (output.stderr += data));
  const [code, signal] = await once(child, 'close');
  return {code, signal, ...output};
}

async function untilWaiting(child: ChildProcess): Promise<void> {
  if (child.stderr) await once(child.stderr, 'data');
}

const pinnedNode = `node-linux-${process.arch}`;
const oldNodeVersion = existsSync(OLD_NODE) ? await majorOf(OLD_NODE) : undefined;
const hasOldNode = oldNodeVersion !== undefined && oldNodeVersion < 24;
if (!hasOldNode) {
  leftOut('launcher under an old Node', `${OLD_NODE} is missing, or recent enough`, {tolerated: true});
}

function majorOf(node: string): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile(node, ['--version'], (error, stdout) =>
      error ? reject(error) : resolve(Number.parseInt(stdout.slice(1), 10)),
    );
  });
}

test('under a recent Node the launcher runs Holdfast itself', async () => {
  const child = launch(process.execPath, 'exit', '3');
  const {code, stdout, stderr} = await outcome(child);
  expect({code, stderr}).toEqual({code: 3, stderr: ''});
  expect(JSON.parse(stdout)).toMatchObject({version: process.version, pid: child.pid});
});

test('keeps compiled code where only this user can write, or nowhere', async () => {
  const home = join(folder, 'home');
  const cache = join(home, '.cache/holdfast/compiled');
  const start = () => outcome(launch(process.execPath, 'exit', '0'));
  mkdirSync(home, {mode: 0o700});
  await start();
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  expect(readdirSync(cache)).not.toEqual([]);

  rmSync(join(home, '.cache'), {recursive: true});
  chmodSync(home, 0o777);
  expect(await start()).toMatchObject({code: 0, stderr: ''});
  expect(existsSync(join(home, '.cache'))).toBe(false);
});

test('says what to do when Holdfast is not built', async () => {
  rmSync(join(folder, 'dist'), {recursive: true});
  const {code, stderr} = await outcome(launch(process.execPath));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Holdfast is not built yet: run "npm run setup" in \S+\n$/);
});

describe.runIf(hasOldNode)('under an old Node', () => {
  const ways = [
    {way: 'in the same process', packages: [pinnedNode, 'koffi', '@koromix']},
    {way: 'as a child, where koffi is missing', packages: [pinnedNode]},
  ];

  describe.each(ways)('goes on $way', ({packages}) => {
    beforeEach(() => install(...packages));

    test('with arguments, standard input and output', async () => {
      const child = launch(OLD_NODE, 'echo', 'two words', 'ü', '--flag=', '');
      child.stdin?.end('from stdin');
      const {code, stdout, stderr} = await outcome(child);
      const [line = '', rest] = stdout.split('\n');
      const seen = JSON.parse(line);
      expect(seen).toMatchObject({version: process.version, argv: ['echo', 'two words', 'ü', '--flag=', '']});
      expect({code, rest, stderr}).toEqual({code: 0, rest: 'from stdin', stderr: ''});
      expect(seen.pid === child.pid).toBe(packages.includes('koffi'));
    });

    test.each([0, 1, 3, 130])('exit code %i', async (wanted) => {
      expect(await outcome(launch(OLD_NODE, 'exit', String(wanted)))).toMatchObject({
        code: wanted,
        signal: null,
      });
    });

    test('death by a signal', async () => {
      const {code, signal} = await outcome(launch(OLD_NODE, 'crash', 'SIGKILL'));
      expect(packages.includes('koffi') ? signal : code).toBe(packages.includes('koffi') ? 'SIGKILL' : 137);
    });

    // A17
    test.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 130],
    ] as const)('%s arrives, and the program decides', async (signal, wanted) => {
      const child = launch(OLD_NODE, 'wait');
      await untilWaiting(child);
      child.kill(signal);
      expect(await outcome(child)).toMatchObject({code: wanted, signal: null});
    });

    // A18: what kill -9 hits must not go on as an orphan that holds the lock.
    test('kill -9 leaves nothing running', async () => {
      const child = launch(OLD_NODE, 'wait');
      let stdout = '';
      child.stdout?.on('data', (data) => (stdout += data));
      await untilWaiting(child);
      const {pid} = JSON.parse(stdout);
      child.kill('SIGKILL');
      await once(child, 'close');
      await setTimeout(100);
      expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
    });
  });

  test('a plain sentence where no Node serves', async () => {
    const {code, stdout, stderr} = await outcome(launch(OLD_NODE, 'exit', '0'));
    expect({code, stdout}).toEqual({code: 1, stdout: ''});
    expect(stderr).toMatch(/^Holdfast needs Node 24 or newer \(this is v\d+\.\d+\.\d+\)[^\n]+\n$/);
  });
});
