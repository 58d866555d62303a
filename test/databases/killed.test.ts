/** Holdfast is killed while a database is dumped: nothing of it stays behind on the server (TESTING.md A17, A18). */
import {appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {jsonOf, startCli} from '../support/cli.ts';
import {serverFacts} from '../support/servers.ts';
import {PostgresScratch} from './postgres-scratch.ts';

const facts = serverFacts('PostgreSQL, killed', 'postgres');

describe.runIf(facts)('while pg_dump runs', {timeout: 120_000}, () => {
  let folder: string;
  let server: PostgresScratch;
  let database: string;
  /** Where the files of a dump in the directory format lie. */
  let scratch: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-killed-'));
    server = new PostgresScratch(facts ?? {});
    database = await server.database(
      'large',
      'CREATE TABLE a AS SELECT g, repeat(md5(g::text), 40) FROM generate_series(1, 200000) g',
    );
    await jsonOf({folder}, 'keygen', 'ops', '--no-passphrase');
    await jsonOf({folder}, 'init', 'repository', '--recipient', 'ops.public.asc');
    const {host, port, user} = server.connection;
    const config = join(folder, 'holdfast.yaml');
    writeFileSync(config, readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, ''));
    appendFileSync(
      config,
      `\nsources:\n  db: {postgres: {database: ${database}, host: "${host}", port: ${port}, user: ${user}, password: "\${env:DB_PASSWORD}"}}\n`,
    );
    scratch = mkdtempSync('/dev/shm/holdfast-killed-');
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, {recursive: true, force: true});
    rmSync(scratch, {recursive: true});
  });

  /** What is being done in the database, or was last by who is connected. */
  const connected = (): Promise<string> =>
    server.sql(
      'postgres',
      `SELECT coalesce(string_agg(left(query, 30), ','), '') FROM pg_stat_activity WHERE datname = '${database}'`,
    );

  test.each([
    ['A17', 'SIGINT', 130, 'custom'],
    ['A17', 'SIGTERM', 143, 'directory'],
    ['A18', 'SIGKILL', null, 'custom'],
    ['A18', 'SIGKILL', null, 'directory'],
  ] as const)(
    '%s: %s (%s) ends a dump in the format %s and its transactions; the next run goes on',
    async (_row, signal, code, format) => {
      if (format === 'directory') {
        const config = join(folder, 'holdfast.yaml');
        const text = readFileSync(config, 'utf8');
        writeFileSync(
          config,
          text.replace('{database:', `{format: directory, scratch: ${scratch}, database:`),
        );
      }
      const place = {folder, env: {DB_PASSWORD: facts?.['PGPASSWORD'] ?? ''}};
      const {child, ended} = startCli(place, ['backup']);
      await expect.poll(connected, {timeout: 30_000, interval: 5}).toContain('COPY public.a');
      child.kill(signal);
      expect((await ended).code).toBe(code);
      await expect.poll(connected, {timeout: 15_000}).toBe('');
      // What is killed cannot tidy up; its dump has ended, and the next run removes its files.
      expect(readdirSync(scratch)).toHaveLength(signal === 'SIGKILL' && format === 'directory' ? 1 : 0);
      const {snapshots} = await jsonOf<{snapshots: unknown[]}>(place, 'snapshots');
      expect(snapshots).toEqual([]);
      expect(await jsonOf(place, 'backup')).toMatchObject({snapshots: [{source: 'db', kind: 'full'}]});
      expect(readdirSync(scratch)).toEqual([]);
    },
  );
});
