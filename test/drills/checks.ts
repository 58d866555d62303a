/** Checks for drills, and what drills said. */
import {execFile} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {expect} from 'vitest';
import type {DrillCheckConfig, SqlAssertion} from '../../src/config/drills.ts';
import type {DrillRecord} from '../../src/operations/drill/records.ts';
import {failures} from './room.ts';

const run = promisify(execFile);

export const sql = (text: string, ...assertions: SqlAssertion[]): DrillCheckConfig => ({
  kind: 'sql',
  name: undefined,
  source: undefined,
  database: undefined,
  sql: text,
  assertions,
});
export const command = (shell: string): DrillCheckConfig => ({
  kind: 'command',
  name: undefined,
  source: undefined,
  command: {shell},
});

/** The one drill, which must have passed. */
export function passed([drill]: readonly DrillRecord[]): DrillRecord {
  if (drill === undefined) throw new Error('there was no drill');
  expect(failures(drill)).toEqual([]);
  expect(drill.report.result).toBe('passed');
  return drill;
}

/** The same of one that must have failed. @returns what it said, of all checks that failed */
export function failed([drill]: readonly DrillRecord[]): string {
  if (drill === undefined) throw new Error('there was no drill');
  expect(drill.report.result).toBe('failed');
  return failures(drill)
    .map(({name, detail, more}) => [`${name}: ${detail}`, ...more].join('\n'))
    .join('\n');
}

/** Programs of a database, one of which tells something else than the server said. */
export async function lyingPrograms(
  parent: string,
  names: readonly string[],
  liar: string,
  filter: string,
): Promise<string> {
  const folder = join(parent, 'lying');
  mkdirSync(folder);
  for (const name of names) {
    const path = (await run('sh', ['-c', `command -v ${name}`])).stdout.trim();
    const script =
      name === liar
        ? `#!/bin/sh\ncase "$*" in *--version*) exec ${path} "$@";; esac\n${path} "$@" | ${filter}\n`
        : `#!/bin/sh\nexec ${path} "$@"\n`;
    writeFileSync(join(folder, name), script, {mode: 0o755});
  }
  return folder;
}
