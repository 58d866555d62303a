import {randomUUID} from 'node:crypto';
import {BaseCommand} from '../../cli/base-command.ts';
import {configOf} from '../../cli/chosen-config.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {Notifier} from '../../cli/notifier.ts';
import type {ErrorJson} from '../../cli/output.ts';
import {EXIT, UsageError} from '../../errors.ts';

interface NotifyTestJson {
  readonly ok: boolean;
  readonly channels: readonly {
    readonly channel: string;
    /** Where it goes, without secrets. */
    readonly place: string;
    readonly ok: boolean;
    readonly error: ErrorJson | null;
  }[];
}

export default class NotifyTest extends BaseCommand {
  static override baseFlags = baseFlagsWithout('repository');
  static override summary = 'Send a test by every channel of "notify", and say which of them work.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<NotifyTestJson> {
    const {flags} = await this.parse(NotifyTest);
    const config = await configOf(flags, process.env, process.cwd());
    const notifier = config && new Notifier(config, {env: process.env, output: this.output});
    if (notifier === undefined || notifier.channels.length === 0)
      throw new UsageError('The configuration names nobody to tell.', {
        hint: 'Write it as "notify"; docs/operations.md has examples.',
      });
    const now = new Date();
    const told = await notifier.tell({
      phase: 'test',
      run: randomUUID(),
      job: 'test',
      kind: 'test',
      exitCode: EXIT.done,
      started: now,
      finished: now,
      also: [],
      said: ['If you can read this, you will hear of backups that fail.'],
    });
    for (const {channel, place, error} of told)
      this.log(`${channel} (${place}): ${error === undefined ? 'told' : 'NOT told'}`);
    const ok = told.every(({error}) => error === undefined);
    if (!ok) this.endWith(EXIT.target);
    return {
      ok,
      channels: told.map(({channel, place, error}) => ({
        channel,
        place,
        ok: error === undefined,
        error: error === undefined ? null : this.output.errorJson(error),
      })),
    };
  }
}
