/** A command that does a job which somebody may want to hear of: a backup, a drill, … */
import {randomUUID} from 'node:crypto';
import type {Config} from '../config/config.ts';
import {type ContextFlags, configOf} from './chosen-config.ts';
import {notifierOfInvalid} from './invalid-config.ts';
import {Notifier} from './notifier.ts';
import {RepositoryCommand} from './repository-command.ts';

/** Where a scheduler tells its child which job and which run it is. */
export const JOB_VARIABLE = 'HOLDFAST_JOB';
export const RUN_VARIABLE = 'HOLDFAST_RUN';

interface Announced {
  readonly notifier: Notifier;
  readonly run: string;
  readonly job: string;
  readonly kind: string;
  readonly started: Date;
}

export abstract class RunCommand extends RepositoryCommand {
  #announced: Announced | undefined;
  #isSuspect = false;

  /**
   * Says that the work begins: to a health check, and to the log. From here on, its end is told, too.
   * @param names what it is about, if that was named
   */
  protected async announce(flags: ContextFlags, kind: string, names: readonly string[] = []): Promise<void> {
    const named = names.length === 1 ? `${kind}-${names[0]}` : kind;
    const {[JOB_VARIABLE]: job = named, [RUN_VARIABLE]: run = randomUUID()} = process.env;
    const started = new Date();
    const config = await this.#configOf(flags, {run, job, kind, started});
    this.output.about = {...this.output.about, job, run};
    this.output.event(`${job} starts`, {event: 'started'});
    if (config === undefined) return;
    const notifier = new Notifier(config, {env: process.env, output: this.output});
    this.#announced = {notifier, run, job, kind, started};
    await notifier.tell({
      ...this.#announced,
      phase: 'start',
      exitCode: null,
      finished: started,
      also: [],
      said: [],
    });
  }

  /** One that is not valid is told to whoever it names. */
  async #configOf(flags: ContextFlags, about: Omit<Announced, 'notifier'>): Promise<Config | undefined> {
    const {env} = process;
    try {
      return await configOf(flags, env, process.cwd());
    } catch (error) {
      const notifier = await notifierOfInvalid(error, {flag: flags.config, env, output: this.output});
      if (notifier !== undefined) this.#announced = {notifier, ...about};
      throw error;
    }
  }

  /** The run made something that is kept, but does not count as good. */
  protected suspect(): void {
    this.#isSuspect = true;
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    const {exitCode, output} = this;
    if (this.#announced !== undefined) {
      const {notifier, ...run} = this.#announced;
      const finished = new Date();
      output.event(`${run.job} ended with exit code ${exitCode}`, {
        event: 'ended',
        exitCode,
        seconds: Math.round((finished.getTime() - run.started.getTime()) / 1000),
      });
      await notifier.tell(
        {
          ...run,
          phase: 'end',
          exitCode,
          finished,
          also: this.#isSuspect ? ['suspect'] : [],
          said: [...output.said],
        },
        {isStopped: this.signal.aborted},
      );
    }
    await super.finally(error);
  }
}
