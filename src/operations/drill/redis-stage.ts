/** Checks a restored RDB file: redis-check-rdb, and a throwaway server that loads it. */
import {createReadStream} from 'node:fs';
import {RestoreError} from '../../errors.ts';
import {
  compareRedis,
  RdbWitness,
  type RedisContents,
  type RedisWitness,
} from '../../sources/redis/witness.ts';
import type {StageContext} from './restore-stage.ts';
import type {CheckedSqlite} from './sqlite-stage.ts';
import type {FullCheck} from './stage.ts';
import {startRedis} from './throwaway-redis.ts';

/** Keys come, go and expire between the count and the dump; a loss beyond this share is none of that. */
const TOLERATED_SHARE = 0.1;
const TOLERATED_KEYS = 10;

export async function checkRedis(
  {place, programs, signal}: Pick<StageContext, 'place' | 'programs' | 'signal'>,
  source: string,
  rdb: string,
  witness: RedisWitness,
): Promise<CheckedSqlite> {
  const server = await startRedis(place, source, rdb, programs, signal);
  const {contents} = witness;
  const checks: FullCheck[] = [
    {name: 'redis-check-rdb', ok: true, detail: server.checked, more: []},
    contents ? await sameContents(contents, await server.save()) : sameKeys(witness, server.keys),
  ];
  await server.release();
  return {stage: {url: server.url}, checks, tools: [['redis', server.version]]};
}

const COMPARED: Record<RedisContents['rows'], string> = {
  all: 'names, values and expiry times',
  sampled: 'their number; names, values and expiry times of one in 16',
  counts: 'their number',
  none: 'nothing',
};

/** @param saved the file that the server made of what it has loaded */
async function sameContents(expected: RedisContents, saved: string): Promise<FullCheck> {
  const reader = new RdbWitness({rows: expected.rows, timeoutMs: Number.POSITIVE_INFINITY});
  for await (const piece of createReadStream(saved) as AsyncIterable<Buffer>) reader.push(piece);
  const actual = reader.end();
  if (typeof actual === 'string')
    throw new RestoreError(`What Redis has loaded cannot be compared: ${actual}.`);
  const problems = compareRedis(expected, actual);
  const keys = expected.keys.reduce((sum, [, , count]) => sum + count, 0);
  const databases = new Set(expected.keys.map(([database]) => database)).size;
  return {
    name: 'same as witness',
    ok: problems.length === 0,
    detail:
      problems.length === 0
        ? `${keys} keys in ${databases} databases: ${COMPARED[expected.rows]}`
        : `${problems.length} differences`,
    more: problems,
  };
}

/** For dumps without a witness of their keys. */
export function sameKeys({keysBefore}: RedisWitness, loaded: ReadonlyMap<number, number>): FullCheck {
  const problems = keysBefore
    .map(([database, before]) => ({database, before, now: loaded.get(database) ?? 0}))
    .filter(
      ({before, now}) =>
        before - now > Math.max(TOLERATED_KEYS, before * TOLERATED_SHARE) ||
        (now === 0 && before > TOLERATED_KEYS / 10),
    )
    .map(
      ({database, before, now}) =>
        `Database ${database} has ${now} keys; at the dump it had about ${before}.`,
    );
  const keys = [...loaded.values()].reduce((sum, count) => sum + count, 0);
  return {
    name: 'keys as at the dump',
    ok: problems.length === 0,
    detail:
      problems.length === 0
        ? `${keys} keys in ${loaded.size} databases`
        : `${problems.length} databases lack keys`,
    more: problems,
  };
}
