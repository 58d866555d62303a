import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

export type Architecture = 'x64' | 'arm64';

/** What a package is made of, and when: everything in it that isn't in a file of the project. */
export interface Release {
  readonly version: string;
  /** Debian's name of the architecture is in deb.ts. */
  readonly architecture: Architecture;
  /** Unix time in seconds: the time of every file in a package. */
  readonly epoch: number;
  /** `2026-11-21` */
  readonly date: string;
}

/**
 * Packages made from one commit are the same, byte for byte: their time is the commit's, or `SOURCE_DATE_EPOCH`.
 * @throws if there is neither
 */
export function thisRelease(architecture: Architecture): Release {
  const {version} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {version: string};
  const epoch = Number(process.env['SOURCE_DATE_EPOCH'] || git('log', '-1', '--format=%ct'));
  if (!Number.isSafeInteger(epoch)) throw new Error('SOURCE_DATE_EPOCH is no time in seconds.');
  return {version, architecture, epoch, date: new Date(epoch * 1000).toISOString().slice(0, 10)};
}

/** Whether files of the project differ from the commit: then the package is nobody else's. */
export function hasLocalChanges(): boolean {
  return git('status', '--porcelain') !== '';
}

function git(...args: string[]): string {
  return execFileSync('git', args, {cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']}).trim();
}
