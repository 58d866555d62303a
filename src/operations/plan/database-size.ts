/** How large a dump will be, by what the server says of its data; indexes are not in a dump. */
import {statSync} from 'node:fs';
import type {
  DumpSourceConfig,
  MysqlSourceConfig,
  PostgresSourceConfig,
  RedisSourceConfig,
} from '../../config/source-types.ts';
import {MysqlAccess} from '../../sources/mysql/connection.ts';
import {literal, MysqlSession} from '../../sources/mysql/session.ts';
import {PostgresAccess} from '../../sources/postgres/connection.ts';
import {PostgresSession} from '../../sources/postgres/session.ts';
import {dataBytes} from '../../sources/postgres/size.ts';
import {redisInfo} from '../../sources/redis/dump.ts';

/**
 * Undefined where nobody can tell before the dump is made.
 * @throws SourceError, and what the server or the system says
 */
export async function databaseBytes(
  source: DumpSourceConfig,
  signal: AbortSignal,
): Promise<number | undefined> {
  switch (source.kind) {
    case 'postgres':
      return await postgresBytes(source, signal);
    case 'mysql':
      return await mysqlBytes(source, signal);
    case 'redis':
      return await redisBytes(source, signal);
    case 'sqlite':
      return (
        statSync(source.file).size + (statSync(`${source.file}-wal`, {throwIfNoEntry: false})?.size ?? 0)
      );
    case 'mongodb':
    case 'command':
    case 'stdin':
      return undefined;
  }
}

async function postgresBytes(source: PostgresSourceConfig, signal: AbortSignal): Promise<number> {
  using access = new PostgresAccess(source.connection);
  let names = source.databases;
  if (names === 'all') {
    await using session = await PostgresSession.open(access, 'postgres', signal);
    names = await session.run<string>(
      'SELECT to_json(datname::text) FROM pg_database WHERE datallowconn AND NOT datistemplate',
    );
  }
  let bytes = 0;
  for (const name of names) {
    await using session = await PostgresSession.open(access, name, signal);
    bytes += await dataBytes(session);
  }
  return bytes;
}

async function mysqlBytes(source: MysqlSourceConfig, signal: AbortSignal): Promise<number> {
  using access = new MysqlAccess(source.connection);
  const {client} = await access.programs();
  await using session = await MysqlSession.open(access, client, signal);
  const which =
    source.databases === 'all'
      ? `NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')`
      : `IN (${source.databases.map(literal).join()})`;
  return await session.one<number>(
    `SELECT COALESCE(SUM(data_length), 0) FROM information_schema.tables WHERE table_schema ${which}`,
  );
}

async function redisBytes(source: RedisSourceConfig, signal: AbortSignal): Promise<number | undefined> {
  const used = /^used_memory_dataset:(\d+)/m.exec(await redisInfo(source, signal))?.[1];
  return used === undefined ? undefined : Number(used);
}
