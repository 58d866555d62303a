/** Drills with their defaults. */
import type {CheckInput, DrillInput} from './drill-schema.ts';
import {parseShare} from './drill-schema.ts';
import type {HookCommand} from './source-types.ts';
import {toCommand} from './sources.ts';
import type {Environment} from './substitute.ts';
import {parseDuration} from './units.ts';

/** What the answer of a query must be. */
export type SqlAssertion =
  | {readonly kind: 'equals'; readonly value: string | number | boolean}
  | {readonly kind: 'atLeast' | 'atMost'; readonly value: number}
  | {readonly kind: 'sameAsWitness'; readonly table: string}
  | {readonly kind: 'maxAge'; readonly ms: number};

interface Shared {
  /** Undefined: named after its kind. */
  readonly name: string | undefined;
  /** Undefined: the first source of the drill. */
  readonly source: string | undefined;
}

export type DrillCheckConfig = Shared &
  (
    | {readonly kind: 'command'; readonly command: HookCommand}
    | {readonly kind: 'fileExists'; readonly file: string}
    | {readonly kind: 'contains'; readonly file: string; readonly text: string}
    | {
        readonly kind: 'http';
        readonly url: string;
        readonly start: HookCommand | undefined;
        readonly status: number;
        readonly contains: string | undefined;
        readonly withinMs: number;
      }
    | {
        readonly kind: 'sql';
        readonly sql: string;
        readonly database: string | undefined;
        readonly assertions: readonly SqlAssertion[];
      }
  );

export interface DrillConfig {
  readonly name: string;
  /** Restored together, in this order. */
  readonly sources: readonly string[];
  readonly snapshot: string;
  readonly withinMs: number | undefined;
  /** As in crontab. */
  readonly schedule: string | undefined;
  /** As for `--key`; a path is absolute. */
  readonly key: string | undefined;
  readonly passphraseFile: string | undefined;
  /** The URL of a database server; undefined for one that the drill starts. */
  readonly into: string | undefined;
  readonly programs: string | undefined;
  /** Above 0, up to 1; undefined for everything. */
  readonly sample: number | undefined;
  readonly matters: readonly string[];
  readonly work: string | undefined;
  readonly checks: readonly DrillCheckConfig[];
  readonly rtoMs: number | undefined;
  readonly rpoMs: number | undefined;
}

const HTTP_WITHIN_MS = 30_000;

export function toDrill(
  name: string,
  input: DrillInput,
  {absolute, env}: {absolute(path: string): string; env: Environment},
): DrillConfig {
  const place = (path: string | undefined) => (path === undefined ? undefined : absolute(path));
  const span = (text: string | undefined) => (text === undefined ? undefined : parseDuration(text));
  return {
    name,
    sources: input.group ?? [input.source ?? ''],
    snapshot: input.snapshot ?? 'latest',
    withinMs: span(input.within),
    schedule: input.schedule,
    key: input.key === undefined || /^gpg:/i.test(input.key) ? input.key : absolute(input.key),
    passphraseFile: place(input.passphraseFile),
    into: input.into === 'throwaway' ? undefined : input.into,
    programs: place(input.programs),
    sample: input.sample === undefined ? undefined : parseShare(input.sample),
    matters: input.matters ?? [],
    work: place(input.work),
    checks: (input.checks ?? []).map((check) => toCheck(check, env)),
    rtoMs: span(input.objectives?.rto),
    rpoMs: span(input.objectives?.rpo),
  };
}

function toCheck(input: CheckInput, env: Environment): DrillCheckConfig {
  const shared = {name: input.name, source: input.source};
  if (input.command !== undefined)
    return {...shared, kind: 'command', command: toCommand(input.command, env)};
  if (input.fileExists !== undefined) return {...shared, kind: 'fileExists', file: input.fileExists};
  if (input.contains !== undefined) return {...shared, kind: 'contains', ...input.contains};
  if (input.http !== undefined) {
    const {url, start, status = 200, contains, within} = input.http;
    return {
      ...shared,
      kind: 'http',
      url,
      start: start === undefined ? undefined : toCommand(start, env),
      status,
      contains,
      withinMs: within === undefined ? HTTP_WITHIN_MS : parseDuration(within),
    };
  }
  return {
    ...shared,
    kind: 'sql',
    sql: input.sql ?? '',
    database: input.database,
    assertions: toAssertions(input),
  };
}

function toAssertions({equals, atLeast, atMost, sameAsWitness, maxAge}: CheckInput): SqlAssertion[] {
  return [
    ...(equals === undefined ? [] : [{kind: 'equals' as const, value: equals}]),
    ...(atLeast === undefined ? [] : [{kind: 'atLeast' as const, value: atLeast}]),
    ...(atMost === undefined ? [] : [{kind: 'atMost' as const, value: atMost}]),
    ...(sameAsWitness === undefined ? [] : [{kind: 'sameAsWitness' as const, table: sameAsWitness}]),
    ...(maxAge === undefined ? [] : [{kind: 'maxAge' as const, ms: parseDuration(maxAge)}]),
  ];
}
