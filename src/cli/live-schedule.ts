/** The schedule of a daemon: read again when the files that it comes from have changed. */
import {statSync} from 'node:fs';
import type {Environment} from '../config/substitute.ts';
import {UsageError} from '../errors.ts';
import {isMissing} from '../system/system-error.ts';
import type {ContextFlags} from './chosen-config.ts';
import {jobEnvironment} from './environment-file.ts';
import {type Schedule, scheduleOf} from './schedule-setting.ts';

export class LiveSchedule {
  readonly #flags: ContextFlags;
  readonly #environmentFile: string | undefined;
  #schedule: Schedule;
  #env: Environment;
  /** What the files looked like when they were last read, well or not. */
  #state: string;

  private constructor(
    flags: ContextFlags,
    environmentFile: string | undefined,
    env: Environment,
    schedule: Schedule,
  ) {
    this.#flags = flags;
    this.#environmentFile = environmentFile;
    this.#env = env;
    this.#schedule = schedule;
    this.#state = this.#look();
  }

  /**
   * @param environmentFile variables for the jobs, beside our own
   * @throws UsageError, ConfigError
   */
  static async open(flags: ContextFlags, environmentFile: string | undefined): Promise<LiveSchedule> {
    const env = jobEnvironment(process.env, environmentFile);
    return new LiveSchedule(flags, environmentFile, env, await scheduleOf(flags, env));
  }

  get schedule(): Schedule {
    return this.#schedule;
  }

  /** Of the jobs: ours, and what the environment file has. */
  get env(): Environment {
    return this.#env;
  }

  /**
   * @returns whether there is another schedule now
   * @throws what is wrong with it, once for each change: then the one before stays in force
   */
  async refresh(): Promise<boolean> {
    const state = this.#look();
    if (state === this.#state) return false;
    this.#state = state;
    const env = jobEnvironment(process.env, this.#environmentFile);
    const schedule = await scheduleOf(this.#flags, env);
    const {file} = schedule.config;
    if (file !== this.#schedule.config.file || schedule.logPath !== this.#schedule.logPath)
      throw new UsageError(`${file} names another catalog now, beside which it is noted what ran.`, {
        hint: 'Start "holdfast schedule run" anew.',
      });
    this.#env = env;
    this.#schedule = schedule;
    return true;
  }

  #look(): string {
    const files = [
      this.#schedule.config.file,
      ...(this.#environmentFile === undefined ? [] : [this.#environmentFile]),
    ];
    return files.map(stateOf).join();
  }
}

function stateOf(path: string): string {
  try {
    const {dev, ino, size, mtimeNs, ctimeNs} = statSync(path, {bigint: true});
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
