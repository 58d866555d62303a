import {counted} from '../../cli/output.ts';
import {allDrillRecords, stateFolder} from '../../cli/places.ts';
import {RepositoryCommand} from '../../cli/repository-command.ts';
import {NoRepositoryError} from '../../errors.ts';
import {
  type AbortedDrill,
  cleanDrills,
  storeWaiting,
  waitingRecords,
} from '../../operations/drill/records.ts';
import {TargetError} from '../../targets/target.ts';

interface CleanJson {
  readonly aborted: readonly AbortedDrill[];
  /** Ids of reports that were put into the repository now. */
  readonly stored: readonly string[];
  /** Of those that are on this machine alone still. */
  readonly waiting: readonly string[];
}

const now = (): Date => new Date();

export default class DrillClean extends RepositoryCommand {
  static override summary = 'Remove what drills left behind that were killed: servers, programs, folders.';
  static override description =
    'Removing needs neither the storage nor a configuration. Each such drill is recorded as aborted; its report goes into the repository, as do reports that could not be ' +
    'stored before. The next "drill run" does the same. Needs no private key.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<CleanJson> {
    const {flags} = await this.parse(DrillClean);
    const folders = allDrillRecords(stateFolder(process.env));
    const aborted: AbortedDrill[] = [];
    for (const records of folders) aborted.push(...(await cleanDrills(records, now)));
    if (aborted.length === 0) this.log('Nothing was left behind.');
    for (const {id, sources, elsewhere} of aborted) {
      this.log(`Removed what drill ${id} of ${sources.join(', ')} left, and recorded it as aborted.`);
      for (const what of elsewhere) this.log(`It may have left ${what}: drop it by hand.`);
    }
    const isAnyWaiting = folders.some((records) => waitingRecords(records).length > 0);
    const stored = isAnyWaiting ? await this.#store(flags) : [];
    if (stored.length > 0)
      this.log(`Put ${counted(stored.length, 'report')} into the repository: ${stored.join(', ')}`);
    const waiting = folders.flatMap(waitingRecords).map(({report}) => report.id);
    if (waiting.length > 0) {
      this.warn(
        `Not in the repository yet, but on this machine alone: the report of drill ${waiting.join(', ')}.`,
      );
      this.incomplete();
    }
    return {aborted, stored, waiting};
  }

  /** That the storage is away is told: what was left behind is removed by now. */
  async #store(flags: Parameters<DrillClean['open']>[0]): Promise<readonly string[]> {
    try {
      await using context = await this.open(flags);
      return await storeWaiting({
        repository: context.repository,
        operator: await context.operator(),
        records: context.drillRecords,
        publish: true,
        now,
      });
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof TargetError || error instanceof NoRepositoryError)) throw error;
      this.output.warn(error.message, error.hint);
      return [];
    }
  }
}
