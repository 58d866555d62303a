/** The output of commands, and standard input, as sources (TESTING.md G1-G4, G8-G10, J5, J7). */
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {CommandSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {SourceError} from '../../src/errors.ts';
import {backup} from '../../src/operations/backup.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

let machine: Machine;
let restores = 0;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

function command(shell: string, overrides: Partial<CommandSourceConfig> = {}): CommandSourceConfig {
  return {
    ...stdinSource('out', 'out.sql', Number.POSITIVE_INFINITY),
    kind: 'command',
    command: {shell},
    end: undefined,
    ...overrides,
  };
}

const file = (name: string, content: string | Buffer): string => {
  const path = join(machine.folder, name);
  writeFileSync(path, content);
  return path;
};

async function restored(reference: string | null): Promise<string> {
  const to = join(machine.folder, `restored-${++restores}`);
  expect(await machine.restore(String(reference), to)).toMatchObject({warnings: [], damaged: []});
  return to;
}

async function snapshots(): Promise<number> {
  return (await machine.history()).sources.flatMap(({seals}) => seals).length;
}

async function failure(source: CommandSourceConfig, timeoutMs?: number): Promise<SourceError> {
  const error = await machine.backupDump({...source, timeoutMs}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceError);
  expect(await snapshots()).toBe(0);
  return error as SourceError;
}

async function gone(pid: number): Promise<boolean> {
  const stat = `/proc/${pid}/stat`;
  const isThere = (): boolean => existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'latin1'));
  await expect.poll(isThere, {timeout: 10_000}).toBe(false);
  return true;
}

test('the output of a command comes back as a file, and verifies to its content', async () => {
  const content = noise(5_000_000, 'stream 1');
  const path = file('content', content);
  const first = await machine.backupDump(command(`cat ${path}; echo warned >&2`));
  expect(first).toMatchObject({
    kind: 'full',
    entries: {new: 1, total: 1},
    bytes: {source: 5_000_000, read: 5_000_000},
  });
  expect(machine.notes).toEqual(['out: /bin/sh said: warned']);
  const to = await restored(first.id);
  expect(readdirSync(to)).toEqual(['out.sql']);
  expect(readFileSync(join(to, 'out.sql')).equals(content)).toBe(true);
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
});

test('of a stream that changed a little, little is stored again, wherever its pieces were cut', async () => {
  const content = noise(8_000_000, 'stream 2');
  await machine.backupDump(command(`cat ${file('content', content)}`));
  const same = await machine.backupDump(
    command(`dd status=none bs=977 if=${join(machine.folder, 'content')}`),
  );
  expect(same).toMatchObject({
    kind: 'incremental',
    entries: {unchanged: 1, changed: 0},
    bytes: {read: 8_000_000},
  });
  expect(same.bytes.new).toBeLessThan(2000); // The tree: its times are new.

  const edited = Buffer.concat([
    content.subarray(0, 3_000_000),
    Buffer.from('new row\n'),
    content.subarray(3_000_000),
  ]);
  const changed = await machine.backupDump(command(`cat ${file('content', edited)}`));
  expect(changed).toMatchObject({entries: {unchanged: 0, changed: 1}});
  expect(changed.bytes.new).toBeLessThan(150_000);
  expect(readFileSync(join(await restored(changed.id), 'out.sql')).equals(edited)).toBe(true);
});

test('standard input is a source, whatever the sizes of its pieces', async () => {
  const content = noise(300_000, 'stream 3');
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0, size = 0; at < content.length; at += size, size = (size * 7 + 1) % 40_000)
      yield content.subarray(at, at + size);
  }
  const done = await machine.backupDump(stdinSource('piped', 'dump.bin', Infinity), {}, {input: pieces()});
  expect(readFileSync(join(await restored(done.id), 'dump.bin')).equals(content)).toBe(true);
});

describe('a command that does not end as it should makes no snapshot', () => {
  test('G1: it fails after most of its output', async () => {
    const {message, exitCode} = await failure(
      command(`cat ${file('content', noise(2_000_000, 'stream 4'))}; echo "out of memory" >&2; exit 3`),
    );
    expect(message).toMatch(/exit code 3 \(out of memory\)/);
    expect(exitCode).toBe(1);
  });

  test('G2: a signal ends it', async () => {
    expect((await failure(command('echo begun; kill -9 $$'))).message).toContain('SIGKILL');
  });

  test('G3: it succeeds with nothing, unless that is allowed', async () => {
    expect((await failure(command('true'))).message).toMatch(/out\.sql of out is empty/);
    expect(await machine.backupDump(command('true', {allowEmpty: true}))).toMatchObject({bytes: {source: 0}});
  });

  test('G4: it succeeds without its end marker', async () => {
    const {message} = await failure(command('echo "-- dump"; echo "-- dump com"', {end: '-- dump complete'}));
    expect(message).toContain('without the end');
    await machine.backupDump(
      command('echo "-- dump"; echo "-- dump complete"; echo', {end: '-- dump complete'}),
    );
  });

  test('G8: it hangs: after the time limit its whole process group is ended', async () => {
    const pids = join(machine.folder, 'pids');
    const {message} = await failure(
      command(`trap "" TERM; sleep 1000 & echo $! $$ >${pids}; echo begun; sleep 1000`),
      500,
    );
    expect(message).toContain('time limit');
    for (const pid of readFileSync(pids, 'utf8').trim().split(' '))
      expect(await gone(Number(pid))).toBe(true);
  });

  test('G9: it closes its output long before it fails', async () => {
    expect((await failure(command('echo whole; exec >&-; sleep 0.5; exit 7'))).message).toContain(
      'exit code 7',
    );
  });

  test('G10: it floods standard error: little of it is kept', async () => {
    const {message} = await failure(
      command('echo begun; yes complaint | head -c 30000000 >&2; echo last >&2; exit 1'),
    );
    expect(message).toContain('complaint; last)');
    expect(message.length).toBeLessThan(500);
  });

  test('the program is not there, or may not be run', async () => {
    for (const [word, problem] of [
      ['/no/such/program', 'the program is not there'],
      [file('plain', 'text'), 'it may not be run'],
    ] as const)
      expect((await failure(command('', {command: {words: [word, 'secret']}}))).message).toContain(problem);
  });

  test('the other sources are backed up all the same', async () => {
    writeFileSync(join(machine.source, 'file'), 'content');
    const {snapshots, failures} = await backup(
      await machine.context(),
      [command('exit 1'), machine.sourceConfig()],
      {},
    );
    expect(snapshots.map(({source}) => source)).toEqual(['files']);
    expect(failures.map(({source}) => source)).toEqual(['out']);
  });
});

test('an interrupted run ends the command', async () => {
  const pid = join(machine.folder, 'pid');
  const controller = new AbortController();
  const running = machine.backupDump(
    command(`echo $$ >${pid}; echo begun; sleep 1000`),
    {},
    {signal: controller.signal, onProgress: () => controller.abort(new Error('stop'))},
  );
  await expect(running).rejects.toThrow('stop');
  expect(await gone(Number(readFileSync(pid, 'utf8')))).toBe(true);
});

// J7
test('what opens the history is not handed on to the command', async () => {
  process.env['HOLDFAST_PASSPHRASE'] = 'canary';
  try {
    const done = await machine.backupDump(command('env; echo end'));
    expect(readFileSync(join(await restored(done.id), 'out.sql'), 'utf8')).not.toContain('canary');
  } finally {
    delete process.env['HOLDFAST_PASSPHRASE'];
  }
});
