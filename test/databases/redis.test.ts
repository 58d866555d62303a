/** Redis on a real server (TESTING.md G4, G7, J2). */
import {execFile, spawn} from 'node:child_process';
import {copyFileSync, mkdirSync, readFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {RedisSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {SourceError} from '../../src/errors.ts';
import {demandRdb} from '../../src/sources/redis/dump.ts';
import {Secret} from '../../src/system/secret.ts';
import {collect} from '../support/collect.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';

const facts = serverFacts('Redis', 'redis');
const run = promisify(execFile);

async function cli(port: string, password: string | undefined, ...args: string[]): Promise<string> {
  const env = {PATH: process.env['PATH'], REDISCLI_AUTH: password};
  return (await run('redis-cli', ['-p', port, '--no-auth-warning', ...args], {env})).stdout.trim();
}

describe.runIf(facts)('Redis', () => {
  let machine: Machine;
  const {REDIS_PORT: port = '', REDIS_PASSWORD: password = ''} = facts ?? {};
  const source = (overrides: Partial<RedisSourceConfig> = {}): RedisSourceConfig => ({
    ...stdinSource('sessions', 'unused', Number.POSITIVE_INFINITY),
    kind: 'redis',
    url: `redis://127.0.0.1:${port}`,
    password: new Secret(password),
    witness: {rows: 'all', timeoutMs: 60_000},
    ...overrides,
  });

  beforeEach(async () => {
    machine = await Machine.create();
  });
  afterEach(async () => {
    await cli(port, password, 'FLUSHALL');
    await machine[Symbol.asyncDispose]();
  });

  test('keys of all types come back in another server', async () => {
    await cli(port, password, 'SET', 'text', 'ünï');
    await cli(port, password, 'RPUSH', 'list', ...Array.from({length: 1000}, (_, i) => `item ${i}`));
    await cli(port, password, 'HSET', 'hash', 'field', 'value');
    await cli(port, password, 'ZADD', 'sorted', '1.5', 'member');
    await cli(port, password, '-n', '3', 'SET', 'in another database', '1', 'EX', '100000');
    const {id} = await machine.backupDump(source());
    const to = join(machine.folder, 'restored');
    await machine.restore(String(id), to);
    const data = join(machine.folder, 'data');
    mkdirSync(data);
    copyFileSync(join(to, 'dump.rdb'), join(data, 'dump.rdb'));

    const other = String(await freePort());
    const server = spawn(
      'redis-server',
      ['--port', other, '--bind', '127.0.0.1', '--dir', data, '--save', ''],
      {stdio: 'ignore'},
    );
    try {
      await expect.poll(() => cli(other, undefined, 'PING').catch(() => ''), {timeout: 30_000}).toBe('PONG');
      expect(await cli(other, undefined, 'GET', 'text')).toBe('ünï');
      expect(await cli(other, undefined, 'LLEN', 'list')).toBe('1000');
      expect(await cli(other, undefined, 'DBSIZE')).toBe('4');
      expect(await cli(other, undefined, '-n', '3', 'GET', 'in another database')).toBe('1');
    } finally {
      server.kill('SIGKILL');
    }
  });

  test('G7: a wrong password, no server: no snapshot', async () => {
    for (const [change, problem] of [
      [{password: new Secret('wrong-password')}, /WRONGPASS|NOAUTH|invalid/i],
      [{url: 'redis://127.0.0.1:1'}, /refused/],
    ] as const) {
      const error = await machine.backupDump(source(change)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SourceError);
      expect((error as Error).message).toMatch(problem);
      expect((error as Error).message).not.toContain('wrong-password');
    }
    expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
  });

  // G4
  test('an RDB file that is cut anywhere is not whole', async () => {
    await cli(port, password, 'SET', 'key', 'value');
    const {id} = await machine.backupDump(source());
    const to = join(machine.folder, 'whole');
    await machine.restore(String(id), to);
    const whole = readFileSync(join(to, 'dump.rdb'));
    async function* pieces(length: number): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < length; at += 50) yield whole.subarray(at, Math.min(at + 50, length));
    }
    expect(Buffer.concat(await collect(demandRdb(pieces(whole.length), 'test')))).toEqual(whole);
    for (let length = 0; length < whole.length; length++) {
      // By chance a byte of a key, or of the time, is that of the end: then the witness, which reads all of it, tells.
      if (whole[length - 9] === 0xff) continue;
      await expect(collect(demandRdb(pieces(length), 'test'))).rejects.toBeInstanceOf(SourceError);
    }
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
