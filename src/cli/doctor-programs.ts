/** What doctor looks at of programs on this machine. */
import {accessSync, constants, statSync} from 'node:fs';
import {basename, delimiter, isAbsolute, join} from 'node:path';
import type {Config} from '../config/config.ts';
import type {HookCommand, SourceConfig} from '../config/source-types.ts';
import {SourceError} from '../errors.ts';
import {assertHooksTrusted} from '../operations/hooks.ts';
import {collectOutput} from '../sources/stream/program.ts';
import {loadLibc} from '../system/libc.ts';
import {isMissing} from '../system/system-error.ts';
import type {Answer} from './doctor-question.ts';

/** Whether the programs are there that the sources need, and which they are. */
export async function programs({sources}: Config, searchPath: string): Promise<Answer> {
  const lacking = new Set<string>();
  for (const source of sources.values()) {
    assertHooksTrusted(source, searchPath);
    for (const choices of neededPrograms(source))
      if (!choices.some((name) => isProgram(name, searchPath)))
        lacking.add(`${choices.join(' or ')} (${source.name})`);
  }
  const versions = await versionsOf([...sources.values()].flatMap(neededPrograms), searchPath);
  const told = [`Node ${process.versions.node}`, ...versions].join(', ');
  if (lacking.size === 0) return {detail: `All that the sources need are there: ${told}.`};
  return {
    detail: `Not found: ${[...lacking].join(', ')}.`,
    hint: 'Install them, or correct PATH or "programs".',
  };
}

/** Programs of databases, which say what they are when asked for it. Commands of the config are not run to find out. */
const TELLS_VERSION = new Set(['pg_dump', 'mariadb-dump', 'mysqldump', 'mongodump']);
const VERSION_MS = 20_000;

/** The first line that each says, such as `pg_dump (PostgreSQL) 17.2`. */
async function versionsOf(needed: readonly (readonly string[])[], searchPath: string): Promise<string[]> {
  const versions = new Set<string>();
  for (const choices of needed) {
    const file = choices.find((name) => TELLS_VERSION.has(basename(name)) && isProgram(name, searchPath));
    if (file === undefined) continue;
    try {
      const program = {
        label: basename(file),
        file,
        args: ['--version'],
        timeoutMs: VERSION_MS,
        hint: 'Run it by hand.',
      };
      versions.add((await collectOutput(program)).trim().split('\n')[0] ?? '');
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      versions.add(error.message);
    }
  }
  return [...versions];
}

/** Each of which one is needed. */
function neededPrograms(source: SourceConfig): string[][] {
  const hooks = [source.before, source.after, source.kind === 'command' ? source.command : undefined];
  const needed = hooks.flatMap((hook) => (hook === undefined ? [] : [[wordOf(hook)]]));
  if (source.kind === 'postgres') {
    for (const name of ['pg_dump', 'psql', ...(source.globals ? ['pg_dumpall'] : [])])
      needed.push([join(source.connection.programs ?? '', name)]);
    if (source.directory !== undefined) needed.push(['setpriv']);
  }
  if (source.kind === 'mysql')
    needed.push(['mariadb-dump', 'mysqldump'].map((name) => join(source.connection.programs ?? '', name)));
  if (source.kind === 'mongodb') needed.push([join(source.connection.programs ?? '', 'mongodump')]);
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

export function attributes(): Answer {
  return loadLibc() === undefined
    ? {
        detail: 'koffi is not there: extended attributes and ACLs are not backed up.',
        hint: 'Install Holdfast with its optional dependencies.',
      }
    : {detail: 'Extended attributes and ACLs are read and restored.'};
}
