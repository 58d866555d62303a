/** Drills of Redis on a throwaway server, good and sabotaged (TESTING.md G14; issue 6, must hold 1). */
import {execFile, spawn} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, test} from 'vitest';
import type {RedisSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {sameKeys} from '../../src/operations/drill/redis-stage.ts';
import {freePort} from '../../src/operations/drill/server.ts';
import {serverFacts} from '../support/servers.ts';
import {command, failed, lyingPrograms, passed} from './checks.ts';
import {useDrillRoom} from './room.ts';

const run = promisify(execFile);
const redis = serverFacts('drills of Redis', 'redis');

const place = useDrillRoom();

describe.runIf(redis)('Redis', {timeout: 120_000}, () => {
  type Cli = (...args: string[]) => Promise<string>;

  /** Backs up a server of its own, whose keys a test makes. */
  async function backupKeys(
    make: (cli: Cli) => Promise<void>,
    {witness = {rows: 'all', timeoutMs: 60_000}}: Partial<RedisSourceConfig> = {},
  ): Promise<void> {
    const data = join(place.machine.folder, 'redis');
    mkdirSync(data);
    const port = String(await freePort());
    const where = ['--port', port, '--bind', '127.0.0.1', '--dir', data, '--save', ''];
    const plain = ['--rdbcompression', 'no', '--rdbchecksum', 'no']; // So that a file can be altered.
    const debug = ['--enable-debug-command', 'local'];
    const server = spawn('redis-server', [...where, ...plain, ...debug], {stdio: 'ignore'});
    try {
      const cli: Cli = async (...args) => (await run('redis-cli', ['-p', port, ...args])).stdout.trim();
      await expect.poll(() => cli('PING').catch(() => ''), {timeout: 30_000}).toBe('PONG');
      await make(cli);
      await place.machine.backupDump({
        ...stdinSource('sessions', 'unused', Number.POSITIVE_INFINITY),
        kind: 'redis',
        url: `redis://127.0.0.1:${port}`,
        password: undefined,
        witness,
      });
    } finally {
      server.kill('SIGKILL');
    }
  }

  async function someKeys(cli: Cli): Promise<void> {
    await cli('EVAL', "for i=1,300 do redis.call('set','k'..i,'value'..i) end", '0');
    await cli('HSET', 'hash', 'field', 'in a hash', 'other', '-70000');
    await cli('-n', '3', 'SET', 'other', 'ünï');
  }

  const ask = (words: string): string =>
    `redis-cli -u "$HOLDFAST_DRILL_SESSIONS_URL" --no-auth-warning ${words}`;

  test('comes back in a server that the drill starts; fails where an assertion or a pack is missing', async () => {
    await backupKeys(async (cli) => {
      await someKeys(cli);
      await cli('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
      await cli('SET', 'expired at the drill', 'but not at the dump', 'PX', '1');
    });
    const drill = passed(
      await place.room.run('sessions', {
        checks: [
          command(
            `test "$(${ask('GET k7')})" = value7 && test "$(${ask('-n 3 GET other')})" = ünï && ${ask('SET may-write 1')}`,
          ),
        ],
      }),
    );
    expect(drill.report.checks.map(({name, detail}) => `${name}: ${detail}`)).toEqual([
      expect.stringContaining('files as recorded'),
      'redis-check-rdb: 303 keys read',
      'same as witness: 303 keys in 2 databases: names, values and expiry times',
      'command 1: exit code 0',
    ]);
    const absent = await place.room.run('sessions', {
      checks: [command(`test "$(${ask('GET k999')})" = 999`)],
    });
    expect(failed(absent)).toContain('command 1: exit code 1');
    await place.room.losePack('sessions');
    expect(failed(await place.room.run('sessions'))).toContain('it is missing');
  });

  test.each([
    ['one changed value', 's/value77/value78/', 'In database 0, type string: other values, names or expiry'],
    ['one changed field', 's/in a hash/in a lash/', 'In database 0, type hash: other values'],
  ])('fails where the server has loaded %s', async (_, edit, said) => {
    await backupKeys(someKeys);
    // A server that finds its file altered: only the witness can tell.
    const programs = await lyingPrograms(place.machine.folder, ['redis-cli'], 'none', 'cat');
    const {stdout} = await run('sh', ['-c', 'command -v redis-server']);
    await run('sh', [
      '-c',
      `printf '#!/bin/sh\\nsed -i "%s" "$(dirname "$1")/dump.rdb"\\nexec %s "$@"\\n' "$1" "$2" > "$3" && chmod 755 "$3"`,
      'sh',
      edit,
      stdout.trim(),
      join(programs, 'redis-server'),
    ]);
    expect(failed(await place.room.run('sessions', {programs}))).toContain(said);
  });

  test('only counts where the witness is to have no more, and tells so', async () => {
    await backupKeys(someKeys, {witness: {rows: 'counts', timeoutMs: 60_000}});
    const {report} = passed(await place.room.run('sessions'));
    expect(report.checks.at(-1)?.detail).toBe('302 keys in 2 databases: their number');
  });

  test('compares the numbers of keys of a dump that has no witness of its keys', async () => {
    await backupKeys(someKeys, {witness: {rows: 'none', timeoutMs: 60_000}});
    const {report} = passed(await place.room.run('sessions'));
    expect(report.checks.at(-1)).toMatchObject({
      name: 'keys as at the dump',
      detail: '302 keys in 2 databases',
    });
  });
});

test('without a witness, keys that are gone are told, those that came and went are not', () => {
  const witness = {
    version: '7',
    keysBefore: [
      [0, 100],
      [1, 2],
    ] as const,
  };
  const loaded = (...keys: [number, number][]) => sameKeys(witness, new Map(keys));
  expect(loaded([0, 95], [1, 1])).toMatchObject({ok: true});
  expect(loaded([0, 80], [1, 2])).toMatchObject({
    ok: false,
    more: ['Database 0 has 80 keys; at the dump it had about 100.'],
  });
  expect(loaded([0, 100])).toMatchObject({ok: false});
});
