/** Commands around a source's backup: to stop and start an application, say. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {assertOnlyRootChanges} from '../config/file.ts';
import type {HookCommand, SourceConfig} from '../config/source-types.ts';
import {SourceError} from '../errors.ts';
import {WITHOUT_SECRETS} from '../sources/stream/environment.ts';
import {howItEnded} from '../sources/stream/program.ts';

/**
 * Refuses programs that root would run and others could change.
 * @param searchPath the PATH that programs without a slash are looked for in
 * @throws ConfigError
 */
export function assertHooksTrusted(source: SourceConfig, searchPath: string): void {
  const dump = source.kind === 'command' ? source.command : undefined;
  for (const command of [source.before, source.after, dump]) {
    const [program] = command?.words ?? [];
    if (program === undefined) continue; // A script for the shell stands in the configuration itself.
    const places = program.includes('/')
      ? [program]
      : searchPath.split(':').map((folder) => join(folder, program));
    const path = places.find((place) => existsSync(place));
    if (path !== undefined) assertOnlyRootChanges(path);
  }
}

/** Runs a hook to its end. @throws {@link SourceError} with what it said last */
export async function runHook(
  source: string,
  which: 'before' | 'after',
  command: HookCommand,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [file, ...args] = command.words ?? ['/bin/sh', '-c', command.shell];
  const {execa} = await import('execa'); // Loading it takes longer than many a command.
  const result = await execa(file, args, {
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    maxBuffer: {stderr: 64 * 1024},
    env: WITHOUT_SECRETS,
    ...(signal && {cancelSignal: signal}),
  });
  // What it says is told up to a limit; a talkative command is no failure.
  if (!result.failed || (result.isMaxBuffer && result.exitCode === 0)) return;
  signal?.throwIfAborted();
  const lastLines = (result.stderr ?? '').trim().split('\n').slice(-3).join('; ');
  throw new SourceError(
    `The "${which}" command of ${source} (${file}) failed: ${howItEnded(result)}${lastLines === '' ? '' : ` (${lastLines})`}.`,
    {
      hint:
        which === 'before'
          ? 'No snapshot was made of this source. Run the command by hand to see why.'
          : 'The snapshot was made. Run the command by hand to see why.',
    },
  );
}

/** Runs `work` between the hooks. `after` runs whatever happened; its failure is told when nothing worse did. */
export async function withHooks<T>(
  source: SourceConfig,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<{result: T; afterFailed?: SourceError}> {
  let result: T;
  try {
    if (source.before !== undefined) await runHook(source.name, 'before', source.before, signal);
    result = await work();
  } catch (error) {
    await runAfter(source);
    throw error;
  }
  const afterFailed = await runAfter(source);
  return {result, ...(afterFailed && {afterFailed})};
}

/** An interrupted run must still start the application again: no signal here. */
async function runAfter({name, after}: SourceConfig): Promise<SourceError | undefined> {
  if (after === undefined) return undefined;
  try {
    await runHook(name, 'after', after, undefined);
    return undefined;
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
}
