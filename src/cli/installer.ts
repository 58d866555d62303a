/** Puts a schedule into the hands of cron or systemd, and takes it out again. */
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {ConfigError, UsageError} from '../errors.ts';
import {configOfMark, type InstalledFile} from '../schedule/install/setting.ts';
import {makeFolders} from '../system/folders.ts';

/** Runs a program of this machine to its end. @throws {@link ConfigError} with what it said, if it fails */
export async function runProgram(
  file: string,
  args: readonly string[],
  {input, mayFail = false}: {input?: string; mayFail?: boolean} = {},
): Promise<string> {
  const {execa} = await import('execa'); // Loading it takes longer than many a command.
  const result = await execa(file, args, {reject: false, ...(input !== undefined && {input})});
  if (result.failed && !mayFail) {
    const [said = ''] = result.stderr?.trim().split('\n').slice(-1) ?? [];
    throw new ConfigError(`"${[file, ...args].join(' ')}" failed${said === '' ? '' : `: ${said}`}.`, {
      hint: 'Run it by hand to see why.',
    });
  }
  return result.exitCode === 0 ? (result.stdout ?? '') : '';
}

/** Whether systemd runs this machine. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** What is to be run around a change of units: it is shown, and where systemd runs, done. */
export function systemctl(isRoot: boolean, ...args: readonly string[]): string[] {
  return ['systemctl', ...(isRoot ? [] : ['--user']), ...args];
}

export async function runAll(commands: readonly (readonly string[])[]): Promise<void> {
  for (const [file = '', ...args] of commands) await runProgram(file, args);
}

export function timersIn(paths: readonly string[]): string[] {
  return paths.filter((path) => path.endsWith('.timer')).map((path) => basename(path));
}

/** @throws {@link UsageError} if a file there is somebody else's, or another config's */
export function assertOurs(files: readonly InstalledFile[], configFile: string, name: string): void {
  for (const {path} of files) {
    const owner = existsSync(path) ? configOfMark(readFileSync(path, 'utf8')) : configFile;
    if (owner === configFile) continue;
    throw new UsageError(
      `${path} is there already, ${owner === undefined ? 'and not by "holdfast schedule install"' : `for ${owner}`}.`,
      {hint: `Give this schedule another name than "${name}" with --name.`},
    );
  }
}

export function writeFiles(files: readonly InstalledFile[], folder: string): void {
  makeFolders(folder);
  for (const {path, text} of files) writeFileSync(path, text, {mode: 0o644});
}

export function removeFiles(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, {force: true});
}

/** A file in a folder for cron has a name without a dot: cron passes over others. */
export function cronFile(folder: string, name: string): string {
  return join(folder, name.replaceAll('.', '-'));
}
