/** The owner's checks: does what was restored do its work? */
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {DrillCheckConfig, SqlAssertion} from '../../config/drills.ts';
import type {HookCommand} from '../../config/source-types.ts';
import {HoldfastError, RestoreError} from '../../errors.ts';
import {WITHOUT_SECRETS} from '../../sources/stream/environment.ts';
import {howItEnded} from '../../sources/stream/program.ts';
import {freePort} from './server.ts';
import {environmentOf, type FullCheck, type Stage} from './stage.ts';
import type {Workplace} from './workplace.ts';

export interface CheckContext {
  readonly place: Workplace;
  readonly stages: readonly Stage[];
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

const COMMAND_MOST_MS = 3_600_000;
const SAID_LINES = 5;
const POLL_MS = 200;
const FILE_MOST_BYTES = 256 * 2 ** 20;

type Verdict = Omit<FullCheck, 'name'>;
type CheckOf<Kind extends DrillCheckConfig['kind']> = Extract<DrillCheckConfig, {kind: Kind}>;

/** Runs one check. That it fails is a result, whatever the reason. */
export async function runCheck(
  check: DrillCheckConfig,
  number: number,
  context: CheckContext,
): Promise<FullCheck> {
  const name = check.name ?? `${check.kind} ${number}`;
  try {
    return {name, ...(await verdictOf(check, context))};
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    return {name, ok: false, detail: 'it could not be run', more: [error.message]};
  }
}

function verdictOf(check: DrillCheckConfig, context: CheckContext): Verdict | Promise<Verdict> {
  switch (check.kind) {
    case 'command':
      return runCommand(check, context);
    case 'fileExists':
      return fileExists(check, context);
    case 'contains':
      return fileContains(check, context);
    case 'http':
      return answersHttp(check, context);
    case 'sql':
      return holdsTrue(check, context);
  }
}

function stageOf({source}: DrillCheckConfig, {stages}: CheckContext, has: keyof Stage, what: string): Stage {
  const stage = stages.find(
    (one) => (source === undefined || one.source === source) && one[has] !== undefined,
  );
  if (stage === undefined) throw new RestoreError(`Nothing that was restored ${what}.`);
  return stage;
}

async function runCommand({command}: CheckOf<'command'>, context: CheckContext): Promise<Verdict> {
  const {execa} = await import('execa');
  const {file, args} = wordsOf(command);
  const child = execa(file, args, {
    ...surroundings(context),
    all: true,
    timeout: COMMAND_MOST_MS,
    ...(context.signal && {cancelSignal: context.signal}),
  });
  if (child.pid !== undefined) context.place.keep(child.pid);
  const result = await child;
  context.signal?.throwIfAborted();
  const said = (result.all ?? '').trim().split('\n').slice(-SAID_LINES);
  if (!result.failed) return {ok: true, detail: 'exit code 0', more: []};
  return {ok: false, detail: howItEnded(result), more: said.filter((line) => line !== '')};
}

function fileExists(check: CheckOf<'fileExists'>, context: CheckContext): Verdict {
  const {folder = ''} = stageOf(check, context, 'folder', 'is a folder');
  const isThere = statSync(join(folder, check.file), {throwIfNoEntry: false}) !== undefined;
  return isThere
    ? {ok: true, detail: 'it is there', more: []}
    : {ok: false, detail: 'it is missing', more: [`There is no ${check.file}.`]};
}

function fileContains(check: CheckOf<'contains'>, context: CheckContext): Verdict {
  const {folder = ''} = stageOf(check, context, 'folder', 'is a folder');
  const path = join(folder, check.file);
  const size = statSync(path, {throwIfNoEntry: false})?.size;
  if (size === undefined)
    return {ok: false, detail: 'its file is missing', more: [`There is no ${check.file}.`]};
  if (size > FILE_MOST_BYTES)
    throw new RestoreError(`${check.file} is too large to be looked through.`, {hint: 'Use a command.'});
  return readFileSync(path).includes(check.text)
    ? {ok: true, detail: 'the text is there', more: []}
    : {ok: false, detail: 'the text is not there', more: [`${check.file} does not contain the text.`]};
}

async function answersHttp(check: CheckOf<'http'>, context: CheckContext): Promise<Verdict> {
  const port = await freePort();
  const url = check.url.replaceAll('{port}', String(port));
  let ended: string | undefined;
  if (check.start !== undefined) {
    const {execa} = await import('execa');
    const {file, args} = wordsOf(check.start);
    const words = args.map((word) => word.replaceAll('{port}', String(port)));
    const {env, ...rest} = surroundings(context);
    const child = execa(file, words, {
      ...rest,
      env: {...env, PORT: String(port)},
      buffer: false,
      stdout: 'ignore',
      stderr: 'ignore',
    });
    if (child.pid !== undefined) context.place.keep(child.pid);
    void child.then((result) => {
      ended = howItEnded(result);
    });
  }
  const deadline = performance.now() + check.withinMs;
  for (;;) {
    const problem = await ask(url, check, context.signal);
    if (problem === undefined) return {ok: true, detail: `status ${check.status}`, more: []};
    if (ended !== undefined) return {ok: false, detail: `the program ended: ${ended}`, more: [problem]};
    if (performance.now() > deadline) return {ok: false, detail: 'no right answer in time', more: [problem]};
    await sleep(POLL_MS, undefined, {signal: context.signal});
  }
}

/** @returns what is not right with the answer */
async function ask(
  url: string,
  {status, contains, withinMs}: CheckOf<'http'>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(withinMs);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    const text = await response.text();
    if (response.status !== status) return `${url} answers with status ${response.status}.`;
    return contains !== undefined && !text.includes(contains)
      ? `${url} does not answer with the text.`
      : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    const {message, cause} = error as Error;
    return `${url}: ${cause instanceof Error ? cause.message : message}.`;
  }
}

async function holdsTrue(check: CheckOf<'sql'>, context: CheckContext): Promise<Verdict> {
  const stage = stageOf(check, context, 'query', 'answers to SQL');
  const value = await stage.query?.(asPart(check.sql), check.database);
  const problems = check.assertions
    .map((assertion) => isNot(assertion, value, check, stage, context.now()))
    .filter((problem) => problem !== undefined);
  if (problems.length === 0)
    return {
      ok: true,
      detail: `the answer holds ${check.assertions.map(({kind}) => kind).join(', ')}`,
      more: [],
    };
  return {
    ok: false,
    detail: `the answer does not hold ${problems.map(({kind}) => kind).join(', ')}`,
    more: problems.map(({said}) => said),
  };
}

/** Engines are asked for the query's value as JSON: it stands in brackets, where no semicolon may end it, and no comment the line. */
function asPart(sql: string): string {
  return `${sql.replace(/[;\s]+$/, '')}\n`;
}

function isNot(
  assertion: SqlAssertion,
  value: unknown,
  {database}: CheckOf<'sql'>,
  {rowsAtDump}: Stage,
  now: Date,
): {kind: string; said: string} | undefined {
  const {kind} = assertion;
  const wrong = (wanted: string): {kind: string; said: string} => ({
    kind,
    said: `The answer is ${shown(value)}; it must be ${wanted}.`,
  });
  switch (kind) {
    case 'equals':
      return String(value) === String(assertion.value) ? undefined : wrong(shown(assertion.value));
    case 'atLeast':
      return isNumber(value) && Number(value) >= assertion.value
        ? undefined
        : wrong(`at least ${assertion.value}`);
    case 'atMost':
      return isNumber(value) && Number(value) <= assertion.value
        ? undefined
        : wrong(`at most ${assertion.value}`);
    case 'sameAsWitness': {
      const rows = rowsAtDump?.(assertion.table, database);
      if (rows === undefined)
        return {kind, said: `The snapshot's witness has not counted the rows of ${assertion.table}.`};
      return isNumber(value) && Number(value) === rows ? undefined : wrong(`${rows}, as at the dump`);
    }
    case 'maxAge': {
      const time = timeOf(value);
      return !Number.isNaN(time) && now.getTime() - time <= assertion.ms
        ? undefined
        : wrong('a time that is not so old');
    }
  }
}

/** Databases answer in text, or in seconds since 1970; without a time zone it is UTC, as our sessions ask for. */
function timeOf(value: unknown): number {
  if (isNumber(value)) return Number(value) * (Number(value) > 1e11 ? 1 : 1000);
  const text = String(value).replace(' ', 'T');
  if (/T.*[+-]\d\d$/.test(text)) return Date.parse(`${text}:00`);
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`);
}

function isNumber(value: unknown): boolean {
  return value !== null && value !== '' && typeof value !== 'boolean' && Number.isFinite(Number(value));
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function wordsOf(command: HookCommand): {file: string; args: readonly string[]} {
  const [file, ...args] = command.words ?? ['/bin/sh', '-c', command.shell];
  return {file, args};
}

/** Programs run in the first restored folder, in a group of their own, and end with the drill. */
function surroundings({place, stages}: CheckContext) {
  return {
    reject: false,
    detached: true,
    cleanup: false,
    stdin: 'ignore',
    cwd: stages.find(({folder}) => folder !== undefined)?.folder ?? place.folder,
    env: {...WITHOUT_SECRETS, ...environmentOf(stages)},
  } as const;
}
