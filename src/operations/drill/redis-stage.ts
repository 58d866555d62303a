/** Checks a restored RDB file: redis-check-rdb, and a throwaway server that loads it. */
import type {StageContext} from './restore-stage.ts';
import type {CheckedSqlite} from './sqlite-stage.ts';
import type {FullCheck} from './stage.ts';
import {startRedis} from './throwaway-redis.ts';

export interface RedisWitness {
  readonly version: string;
  /** Counted a moment before the dump, by number of the database. */
  readonly keysBefore: readonly (readonly [database: number, keys: number])[];
}

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
  const checks: FullCheck[] = [
    {name: 'redis-check-rdb', ok: true, detail: server.checked, more: []},
    sameKeys(witness, server.keys),
  ];
  return {stage: {url: server.url}, checks, tools: [['redis', server.version]]};
}

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
