/** PostgreSQL's directory format, on a real server (TESTING.md G1, G3, G4, G11; issue 5): parallel, and never a file on a disk. */
import {execFile, execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {PostgresSourceConfig} from '../../src/config/source-types.ts';
import {SourceError} from '../../src/errors.ts';
import {restoreToDatabase} from '../../src/operations/restore-database.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import {plainSwaps} from '../../src/sources/stream/scratch-folder.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {mayMount} from '../support/skips.ts';
import {everything, PostgresScratch} from './postgres-scratch.ts';

const facts = serverFacts('PostgreSQL, directory format', 'postgres');
const run = promisify(execFile);

describe.runIf(facts)('the directory format', {timeout: 600_000}, () => {
  let machine: Machine;
  let server: PostgresScratch;
  /** On the memory file system that every Linux has. */
  let scratch: string;

  beforeEach(async () => {
    machine = await Machine.create();
    server = new PostgresScratch(facts ?? {});
    scratch = mkdtempSync('/dev/shm/holdfast-test-');
  });
  afterEach(async () => {
    rmSync(scratch, {recursive: true});
    await machine[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const source = (database: string, overrides: Partial<PostgresSourceConfig> = {}): PostgresSourceConfig =>
    server.source(database, {format: 'directory', directory: {jobs: 3, scratch}, ...overrides});

  async function failure(config: PostgresSourceConfig): Promise<SourceError> {
    const error = await machine.backupDump(config).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
    return error as SourceError;
  }

  /** The real programs, but for pg_dump: REAL is its path, and DIR the folder that it writes. */
  function liar(script: string): PostgresSourceConfig['connection'] {
    const folder = join(machine.folder, 'programs');
    mkdirSync(folder, {recursive: true});
    for (const name of ['psql', 'pg_dump', 'pg_dumpall']) {
      const real = `${facts?.['BIN']}/${name}`;
      const text =
        name === 'pg_dump'
          ? `for a; do case "$a" in --file=*) DIR=\${a#--file=};; esac; done; [ "$1" = --version ] && exec REAL "$@"; ${script}`
          : 'exec REAL "$@"';
      writeFileSync(join(folder, name), `#!/bin/bash\n${text.replaceAll('REAL', real)}\n`, {mode: 0o755});
    }
    return {...server.connection, programs: folder};
  }

  // G11
  test('several databases with a writer at work come back exactly, from memory and by hand; nothing stays behind', async () => {
    const orders = await server.database('orders', everything(5000));
    const other = await server.database('other', 'CREATE TABLE a AS SELECT 1 AS a');
    let done: {id: string | null};
    {
      using writer = server.writer(
        orders,
        `INSERT INTO "order" (customer, amount, kind) VALUES (1, random() * 100, 'b')`,
      );
      await expect.poll(writer.rounds, {timeout: 30_000}).toBeGreaterThan(3);
      done = await machine.backupDump(source(orders, {databases: [orders, other]}));
    }
    expect(readdirSync(scratch)).toEqual([]);

    const {history, agents, repository} = await machine.elsewhere();
    const seal = selectSnapshot(history, String(done.id));
    const [found] = history.sources;
    if (found === undefined) throw new Error('no history');
    const copy = `${server.prefix}_copy`;
    const restored = await restoreToDatabase(
      {repository, agents, key: machine.privateKey},
      found,
      seal,
      {kind: 'postgres', connection: server.connection, database: copy},
      {now: () => new Date(), from: orders, jobs: 2, work: scratch},
    );
    expect(restored).toMatchObject({problems: [], warnings: []});
    expect(readdirSync(scratch)).toEqual([]);

    const to = join(machine.folder, 'restored');
    await machine.restore(String(done.id), to);
    expect(readdirSync(to)).toEqual(['globals.sql', `${orders}.dir`, `${other}.dir`]);
    const byHand = await server.database('by_hand');
    await run('pg_restore', ['-j4', '-Fd', '-d', byHand, join(to, `${orders}.dir`)], {env: server.env});
    const sum = 'SELECT count(*), sum(id), sum(amount) FROM "order"';
    expect(await server.sql(byHand, sum)).toBe(await server.sql(copy, sum));
  });

  test('a new table gives the files other names: what did not change is not stored again', async () => {
    const name = await server.database(
      'grows',
      'CREATE TABLE m AS SELECT g, md5(g::text) FROM generate_series(1, 50000) g',
    );
    await machine.backupDump(source(name, {cacheBytes: 2 ** 28}));
    await server.sql(name, `CREATE TABLE a AS SELECT 1 AS a; UPDATE m SET md5 = 'x' WHERE g % 5000 = 0`);
    const {bytes, entries} = await machine.backupDump(source(name, {cacheBytes: 2 ** 28}));
    expect(bytes.stored).toBeLessThan(20_000);
    expect(entries).toMatchObject({total: 5});
  });

  test('is refused before work where its files would reach a disk, or where there is no place', async () => {
    const name = await server.database('refused', 'CREATE TABLE a AS SELECT 1 AS a');
    const connection = liar(`echo worked >${machine.folder}/worked; exit 1`);
    const onDisk = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
    const refused = await failure(source(name, {connection, directory: {jobs: 2, scratch: onDisk}}));
    expect(refused.message).toContain(`${onDisk} is on a disk`);
    expect(refused.hint).toContain('format: custom');
    expect(readdirSync(onDisk)).toEqual([]);
    rmSync(onDisk, {recursive: true});
    const nowhere = {jobs: 2, scratch: '/no/such/folder'};
    expect((await failure(source(name, {connection, directory: nowhere}))).message).toContain(
      'cannot be used',
    );
    expect(existsSync(join(machine.folder, 'worked'))).toBe(false);
  });

  test.runIf(mayMount('a full memory file system'))(
    'that finds no room is refused, or fails, and leaves nothing behind',
    async () => {
      const name = await server.database(
        'large',
        'CREATE TABLE a AS SELECT g, repeat(md5(g::text), 4) FROM generate_series(1, 30000) g',
      );
      const small = join(scratch, 'small');
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
      try {
        const tight = {directory: {jobs: 2, scratch: small}};
        expect((await failure(source(name, tight))).message).toMatch(
          /has about 5.* MB of data.*room for 1 MB/,
        );
        // Nobody can say how large a part will be.
        const only = {...server.source(name).only, tables: ['a']};
        const full = await failure(source(name, {...tight, only}));
        expect(full.message).toContain('No space left on device');
        expect(full.hint).toContain('"scratch"');
        expect(readdirSync(small)).toEqual([]);
      } finally {
        execFileSync('umount', [small]);
      }
    },
  );

  // G1, G3, G4
  test('that is not whole makes no snapshot, and leaves nothing behind', async () => {
    const name = await server.database(
      'lies',
      `CREATE TABLE a AS SELECT g FROM generate_series(1, 100) g; SELECT lo_from_bytea(0, 'x')`,
    );
    for (const [script, problem] of [
      ['REAL "$@"; exit 1', /exit code 1/],
      ['exit 0', /a file of it is not there/],
      ['REAL "$@"; rm $DIR/[0-9]*.dat', /a file of it is not there/],
      ['REAL "$@"; truncate -s -9 $DIR/[0-9]*.dat', /within the rows of a table/],
      ['REAL "$@"; rm $DIR/blob_*.dat', /a file of it is not there/],
      ['REAL "$@"; truncate -s -300 $DIR/toc.dat', /its table of contents/],
    ] as const) {
      expect((await failure(source(name, {connection: liar(script)}))).message, script).toMatch(problem);
      expect(readdirSync(scratch), script).toEqual([]);
    }
  });
});

test('swap space on a disk counts, unless it is encrypted or in memory', () => {
  const blocks = mkdtempSync(join(tmpdir(), 'holdfast-blocks-'));
  const device = (name: string, uuid: string, slaves: readonly string[] = []): void => {
    for (const slave of ['', ...slaves]) mkdirSync(join(blocks, name, 'slaves', slave), {recursive: true});
    mkdirSync(join(blocks, name, 'dm'));
    writeFileSync(join(blocks, name, 'dm', 'uuid'), `${uuid}\n`);
  };
  device('dm-0', 'CRYPT-LUKS2-1234-swap');
  device('dm-1', 'LVM-abc', ['dm-0']);
  device('dm-2', 'LVM-def', ['sda3']);
  const swaps = (...names: string[]): string[] => {
    const lines = names.map((name) => `${name}   partition\t1 0 -2`);
    return plainSwaps(['Filename\tType', ...lines, ''].join('\n'), blocks);
  };
  expect(swaps()).toEqual([]);
  expect(swaps('/dev/zram0', '/dev/dm-0', '/dev/dm-1')).toEqual([]);
  const plain = ['/dev/sda2', '/swap.img', '/dev/dm-2'];
  expect(swaps('/dev/zram0', ...plain)).toEqual(plain);
  rmSync(blocks, {recursive: true});
});
