import {execFile, spawn} from 'node:child_process';
import {mkdtempDisposable, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, test} from 'vitest';

const probe = fileURLToPath(new URL('probe.ts', import.meta.url));
const dev = fileURLToPath(new URL('../../bin/dev.js', import.meta.url));

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(script: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const {PATH = ''} = process.env;
  return await new Promise((resolve) => {
    const options = {env: {PATH, HOME: '/nonexistent', ...env}, maxBuffer: 2 ** 26};
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      resolve({exitCode: error ? Number(error.code) : 0, stdout, stderr});
    });
  });
}

describe('errors', () => {
  test('have a message and a hint on stderr, an exit code, and no stack', async () => {
    expect(await run(probe, ['damage'])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr:
        'Error: etc/x\n  Error: fake\\x1b[2J: is broken at https://[redacted]@host/\nHint: Run "holdfast verify" to see what it affects.\n',
    });
  });

  test('are one JSON document with --json, without argv, secrets or anything else', async () => {
    const {exitCode, stdout} = await run(probe, ['damage', '--json', '--key', '/keys/canary.asc']);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toEqual({
      code: 'DAMAGED',
      exitCode: 4,
      message: 'etc/x\nError: fake\u001b[2J: is broken at https://[redacted]@host/',
      hint: 'Run "holdfast verify" to see what it affects.',
    });
  });

  test('that are bugs are one sentence, and a stack only with DEBUG=*', async () => {
    const {exitCode, stderr} = await run(probe, ['bug']);
    expect({exitCode, stderr}).toEqual({
      exitCode: 1,
      stderr:
        'Error: Something went wrong that should not: undefined is not a function\nHint: This is a bug in Holdfast. Run it again with DEBUG=* and report what it prints.\n',
    });
    const debug = await run(probe, ['bug', '--json'], {DEBUG: '*'});
    expect(debug.stderr).toContain('probe.ts');
    expect(debug.stdout + debug.stderr).not.toContain('canary');
    expect(JSON.parse(debug.stdout)).toMatchObject({code: 'UNEXPECTED', exitCode: 1});
  });

  test('thrown where nobody catches them are reported, too', async () => {
    const {exitCode, stderr} = await run(probe, ['float']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: Something went wrong that should not: thrown elsewhere\nHint: /);
    expect(stderr).not.toContain('    at ');
  });

  test('of the system say what and where', async () => {
    const {exitCode, stderr} = await run(probe, ['else']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: \/x: permission denied\.\nHint: Check the owner/);
  });

  test('keep secrets out of DEBUG=* and warnings', async () => {
    const {stderr} = await run(probe, ['debug', '--repository', 'https://me:canary@host/'], {
      DEBUG: '*',
      HOLDFAST_PASSPHRASE: 'canary two',
    });
    expect(stderr).toContain('[redacted]');
    expect(stderr).not.toContain('canary');
  });
});

describe('wrong usage ends with 2', () => {
  test.each([
    [
      ['flags', '--passphrase-fil=x'],
      'Error: There is no option --passphrase-fil.\nHint: Did you mean --passphrase-file?\n',
    ],
    [
      ['flags', '--zzz=canary'],
      'Error: There is no option --zzz.\nHint: Run "holdfast probe --help" to see how it is used.\n',
    ],
    [
      ['flags', 'more'],
      'Error: Unexpected argument: more\nHint: Run "holdfast probe --help" to see how it is used.\n',
    ],
    [[], 'Error: WHAT is missing: what to do.\nHint: Run "holdfast probe --help" to see how it is used.\n'],
    [
      ['flags', '--level', 'c'],
      'Error: --level cannot be "c"; it is one of a, b.\nHint: Run "holdfast probe --help" to see how it is used.\n',
    ],
    [
      ['flags', '--key'],
      'Error: The option --key needs a value.\nHint: Run "holdfast probe --help" to see how it is used.\n',
    ],
    [['flags', '--key='], 'Error: --key: the value is empty\nHint: Give it a value, or leave it out.\n'],
    [
      ['flags', '--size', '5x'],
      'Error: --size: `5x` is not a size\nHint: Write a number and a unit: B, kB, MB, GB, TB, or KiB, MiB, GiB, TiB, such as 16MiB or 500GB.\n',
    ],
  ])('%j', async (args, stderr) => {
    expect(await run(probe, args)).toEqual({exitCode: 2, stdout: '', stderr});
  });

  test('also as JSON', async () => {
    const {exitCode, stdout} = await run(probe, ['flags', '--zzz=canary', '--json']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: 'There is no option --zzz.',
    });
    expect(stdout).not.toContain('canary');
  });
});

describe('results', () => {
  test('flags come before environment variables', async () => {
    const env = {
      HOLDFAST_CONFIG: '/c',
      HOLDFAST_REPOSITORY: '/r',
      HOLDFAST_KEY: '/k',
      HOLDFAST_PASSPHRASE_FILE: '/p',
    };
    const {stdout} = await run(probe, ['flags', '--json', '--repository', '/flag', '--size', '1KiB'], env);
    expect(JSON.parse(stdout)).toMatchObject({
      config: '/c',
      repository: '/flag',
      key: '/k',
      'passphrase-file': '/p',
      size: 1024,
    });
  });

  test('with warnings end with 3, damage outweighs them', async () => {
    expect(await run(probe, ['incomplete'])).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: 'Warning: one file could not be read\n',
    });
    const json = await run(probe, ['incomplete', '--json']);
    expect([json.exitCode, JSON.parse(json.stdout)]).toEqual([3, {warnings: 1}]);
    expect((await run(probe, ['damaged'])).exitCode).toBe(4);
  });

  test('progress as JSON is on stderr, --quiet silences it', async () => {
    const {stdout, stderr} = await run(probe, ['progress', '--json', '--progress', 'json']);
    expect(JSON.parse(stdout)).toEqual({});
    expect(JSON.parse(stderr)).toMatchObject({phase: 'backup', current: '\udcff'});
    expect((await run(probe, ['progress', '--progress', 'json', '--quiet'])).stderr).toBe('');
    expect((await run(probe, ['progress'])).stderr).toBe('');
  });

  test('that nobody reads any more end the command quietly', async () => {
    const child = spawn(process.execPath, [probe, 'flood'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += String(data);
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const exitCode = await new Promise((resolve) => child.once('exit', resolve));
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  test('that cannot be written are an error', async () => {
    const {exitCode, stderr} = await run('-e', [
      `require('node:child_process').spawnSync(process.execPath, [${JSON.stringify(probe)}, 'flags'], {stdio: ['ignore', require('node:fs').openSync('/dev/full', 'w'), 'inherit']}).status === 1 || process.exit(9)`,
    ]);
    expect({exitCode, stderr}).toEqual({
      exitCode: 0,
      stderr: 'Error: Standard output: the disk is full.\nHint: Make room on the disk, then run it again.\n',
    });
  });
});

describe('signals', () => {
  const signalled = async (
    what: string,
    ...signals: NodeJS.Signals[]
  ): Promise<{exitCode: unknown; stderr: string}> => {
    const child = spawn(process.execPath, [probe, what], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += String(data);
    });
    child.stdout.once('data', async () => {
      for (const signal of signals) {
        child.kill(signal);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
    return {exitCode: await new Promise((resolve) => child.once('close', resolve)), stderr};
  };

  test('stop the command with their exit code', async () => {
    expect(await signalled('wait', 'SIGINT')).toEqual({
      exitCode: 130,
      stderr: 'Error: Interrupted.\nHint: Run the same command again: what was finished is kept.\n',
    });
    expect(await signalled('wait', 'SIGTERM')).toMatchObject({exitCode: 143});
  });

  test('come too late for a command that finishes', async () => {
    expect(await signalled('finish', 'SIGINT')).toEqual({exitCode: 0, stderr: ''});
  });

  test('given twice end it at once', async () => {
    expect(await signalled('ignore', 'SIGINT', 'SIGINT')).toMatchObject({exitCode: 130});
  });
});

describe('config', () => {
  test('check lists problems with their places, and ends with 2', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-check-'));
    const path = join(folder.path, 'holdfast.yaml');
    await writeFile(path, 'full: 30d\nrecipents: [a]\n', {mode: 0o600});
    const text = await run(dev, ['config', 'check'], {HOLDFAST_CONFIG: path});
    expect(text).toEqual({
      exitCode: 2,
      stdout: `${path}:2:1: Unknown key \`recipents\`; did you mean \`recipients\`?\n`,
      stderr: '',
    });
    const json = await run(dev, ['config', 'check', '--config', path, '--json']);
    expect([json.exitCode, JSON.parse(json.stdout)]).toEqual([
      2,
      {
        ok: false,
        config: path,
        sources: [],
        problems: [
          {
            path: 'recipents',
            line: 2,
            column: 1,
            message: 'Unknown key `recipents`; did you mean `recipients`?',
          },
        ],
      },
    ]);
    await writeFile(path, 'full: 30d\nsources:\n  db: {postgres: {databases: [a, b]}}\n');
    expect(await run(dev, ['config', 'check', '--config', path])).toEqual({
      exitCode: 0,
      stdout: `${path} is valid.\n  db: PostgreSQL: a, b\n`,
      stderr: '',
    });
    const missing = await run(dev, ['config', 'check', '--config', '/nope', '--json']);
    expect([missing.exitCode, JSON.parse(missing.stdout)]).toMatchObject([
      2,
      {code: 'CONFIG_INVALID', exitCode: 2},
    ]);
  });

  test('schema prints the JSON Schema either way', async () => {
    const [plain, json] = [
      await run(dev, ['config', 'schema']),
      await run(dev, ['config', 'schema', '--json']),
    ];
    expect(JSON.parse(plain.stdout)).toEqual(JSON.parse(json.stdout));
    expect(JSON.parse(plain.stdout)).toMatchObject({properties: {sources: {}}});
  });
});
