/** A user with a home of their own, who runs the real command line. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type CliRun, type RunOptions, startCli} from '../support/cli.ts';

/** A command that hangs ends here. */
const TIMEOUT_MS = 60_000;

export class Scratch implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), 'holdfast-home-'));
  /** Added to the environment of every run. */
  env: Record<string, string> = {};

  path(...parts: string[]): string {
    return join(this.home, ...parts);
  }

  write(path: string, content: string | Uint8Array, mode = 0o600): string {
    const full = this.path(path);
    mkdirSync(join(full, '..'), {recursive: true});
    writeFileSync(full, content, {mode});
    return full;
  }

  /** Runs `holdfast` without a terminal, as cron does. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<CliRun> {
    const place = {folder: this.home, env: this.env};
    return await startCli(place, args, {timeoutMs: TIMEOUT_MS, ...options}).ended;
  }

  /** Runs it with `--json`. @throws if stdout is not exactly one JSON document */
  async json<T = Record<string, unknown>>(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<CliRun & {json: T}> {
    const ran = await this.run([...args, '--json'], options);
    try {
      return {...ran, json: JSON.parse(ran.stdout) as T};
    } catch (cause) {
      throw new Error(`holdfast ${args.join(' ')}: ${ran.code}\n${ran.stdout}\n${ran.stderr}`, {cause});
    }
  }

  /** Runs what must succeed. @throws with what it said if it does not */
  async must(args: readonly string[], options: RunOptions = {}): Promise<CliRun> {
    const ran = await this.run(args, options);
    if (ran.code !== 0)
      throw new Error(`holdfast ${args.join(' ')}: ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
    return ran;
  }

  [Symbol.dispose](): void {
    rmSync(this.home, {recursive: true, force: true});
  }
}
