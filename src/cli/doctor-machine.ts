/** What is looked at on this machine by a plain `holdfast doctor`: keys, rights of files, tools, clock, catalog. */
import {accessSync, constants, existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {delimiter, dirname, isAbsolute, join} from 'node:path';
import type {Config} from '../config/config.ts';
import type {HookCommand, SourceConfig} from '../config/sources.ts';
import {HoldfastError} from '../errors.ts';
import type {Check} from '../operations/doctor-target.ts';
import {assertHooksTrusted} from '../operations/hooks.ts';
import {loadLibc} from '../system/libc.ts';
import {isMissing} from '../system/system-error.ts';
import {type CliContext, readRecipients} from './context.ts';
import {counted, type Output} from './output.ts';

interface Question {
  readonly name: string;
  readonly required: boolean;
  /** What was found; something thrown, or a hint, says that it is not as it should be. */
  ask(): Promise<{detail: string; hint?: string}>;
}

/** @param context undefined where the repository could not be opened */
export async function examineMachine(
  {
    config,
    context,
    env,
    output,
  }: {
    config: Config;
    context: CliContext | undefined;
    env: Readonly<Record<string, string | undefined>>;
    output: Output;
  },
  onCheck: (check: Check) => void,
): Promise<Check[]> {
  const questions: Question[] = [
    {name: 'recipients', required: true, ask: () => recipients(config, output)},
    {name: 'no private key here', required: true, ask: async () => noPrivateKey(config, env)},
    {name: 'programs', required: true, ask: async () => programs(config, env['PATH'] ?? '')},
    {name: 'attributes of files', required: false, ask: async () => attributes()},
  ];
  if (context !== undefined) {
    questions.push(
      {name: 'agent key', required: true, ask: () => agentKey(context)},
      {name: 'catalog', required: false, ask: async () => catalog(context)},
      {name: 'clock', required: false, ask: () => clock(context)},
    );
  }
  const checks: Check[] = [];
  for (const {name, required, ask} of questions) {
    const check = await answer(name, required, ask);
    checks.push(check);
    onCheck(check);
  }
  return checks;
}

async function answer(name: string, required: boolean, ask: Question['ask']): Promise<Check> {
  try {
    const {detail, hint} = await ask();
    return {name, required, ok: hint === undefined, detail, hint};
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return {name, required, ok: false, detail: error.message, hint: error.hint};
  }
}

async function recipients({recipients: files, file}: Config, output: Output) {
  if (files.length === 0)
    return {detail: 'None is named.', hint: `Name who can restore as "recipients" in ${file}.`};
  const found = await readRecipients(files, new Date(), output);
  const ends = found.flatMap(({expires}) => expires ?? []).sort((a, b) => a.getTime() - b.getTime());
  const [first] = ends;
  const until =
    first === undefined ? 'none expires' : `the first expires on ${first.toISOString().slice(0, 10)}`;
  return {detail: `${counted(found.length, 'key')} can restore; ${until}.`};
}

const KEYS_MOST_BYTES = 256 * 1024;
const FILES_MOST = 500;

/** Looks where keys are kept: beside the config, and beside the recipients. */
function noPrivateKey(
  {file, recipients: files, agent}: Config,
  env: Readonly<Record<string, string | undefined>>,
) {
  const hint = 'Move it to a machine that makes no backups, and remove it here.';
  if (env['HOLDFAST_KEY']) return {detail: 'HOLDFAST_KEY names one.', hint: 'Unset it.'};
  for (const folder of new Set([file, ...files].map((path) => dirname(path)))) {
    if (!existsSync(folder)) continue; // Which is told of the recipients.
    for (const name of readdirSync(folder).slice(0, FILES_MOST)) {
      const path = join(folder, name);
      if (path !== agent && isPrivateKey(path)) return {detail: `${path} is a private key.`, hint};
    }
  }
  return {detail: 'None beside the configuration and the recipients.'};
}

function isPrivateKey(path: string): boolean {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > KEYS_MOST_BYTES) return false;
    const text = readFileSync(path, 'latin1');
    // The agent's key may lie elsewhere than the config says; it opens no backups, and has its own name.
    return text.includes('BEGIN PGP PRIVATE KEY BLOCK') && !path.endsWith('agent.private.asc');
  } catch {
    return false; // What cannot be read here is of no use to a thief of this user either.
  }
}

function programs({sources}: Config, searchPath: string) {
  const lacking = new Set<string>();
  for (const source of sources.values()) {
    assertHooksTrusted(source, searchPath);
    for (const choices of neededPrograms(source))
      if (!choices.some((name) => isProgram(name, searchPath)))
        lacking.add(`${choices.join(' or ')} (${source.name})`);
  }
  if (lacking.size === 0) return {detail: 'All that the sources need are there.'};
  return {
    detail: `Not found: ${[...lacking].join(', ')}.`,
    hint: 'Install them, or correct PATH or "programs".',
  };
}

/** Each of which one is needed. */
function neededPrograms(source: SourceConfig): string[][] {
  const hooks = [source.before, source.after, source.kind === 'command' ? source.command : undefined];
  const needed = hooks.flatMap((hook) => (hook === undefined ? [] : [[wordOf(hook)]]));
  if (source.kind === 'postgres') {
    for (const name of ['pg_dump', 'psql', ...(source.globals ? ['pg_dumpall'] : [])])
      needed.push([join(source.connection.programs ?? '', name)]);
  }
  if (source.kind === 'mysql')
    needed.push(['mariadb-dump', 'mysqldump'].map((name) => join(source.connection.programs ?? '', name)));
  return needed;
}

function wordOf({words}: HookCommand): string {
  return words?.[0] ?? '/bin/sh';
}

function isProgram(name: string, searchPath: string): boolean {
  const places =
    isAbsolute(name) || name.includes('/')
      ? [name]
      : searchPath.split(delimiter).map((folder) => join(folder, name));
  return places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch (error) {
      if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return false;
      throw error;
    }
  });
}

function attributes() {
  return loadLibc() === undefined
    ? {
        detail: 'koffi is not there: extended attributes and ACLs are not backed up.',
        hint: 'Install Holdfast with its optional dependencies.',
      }
    : {detail: 'Extended attributes and ACLs are read and restored.'};
}

async function agentKey(context: CliContext) {
  const {fingerprint} = await context.agent();
  const mode = statSync(context.agentFile).mode & 0o777;
  if ((mode & 0o077) !== 0)
    return {detail: `Others may read ${context.agentFile}.`, hint: `Run "chmod 600 ${context.agentFile}".`};
  const isEnrolled = context.agents.some((key) => key.getFingerprint() === fingerprint);
  return isEnrolled
    ? {detail: `This machine signs as ${fingerprint}, and the repository knows it.`}
    : {
        detail: `The repository does not know this machine's key ${fingerprint}.`,
        hint: 'Run "holdfast init" again.',
      };
}

function catalog(context: CliContext) {
  const {path, integrity} = context.catalog().facts();
  if ((statSync(path).mode & 0o077) !== 0)
    return {detail: `Others may read ${path}, which holds names of files.`, hint: `Run "chmod 600 ${path}".`};
  return integrity === 'ok'
    ? {detail: `${path} is sound.`}
    : {detail: `${path}: ${integrity}.`, hint: 'Move it away and run "holdfast catalog rebuild".'};
}

async function clock(context: CliContext) {
  const now = Date.now();
  const {sources} = await context.history();
  const newest = Math.max(...sources.flatMap(({seals}) => seals.map(({finished}) => Date.parse(finished))));
  if (!(newest > now)) return {detail: 'It is not behind the snapshots.'};
  const hint = 'Set the clock of this machine (timedatectl set-ntp true).';
  return {detail: `The newest snapshot was made ${Math.round((newest - now) / 1000)} s in the future.`, hint};
}
