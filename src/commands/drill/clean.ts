import {RepositoryCommand} from '../../cli/repository-command.ts';
import {type AbortedDrill, cleanDrills} from '../../operations/drill/records.ts';

export default class DrillClean extends RepositoryCommand {
  static override summary = 'Remove what drills left behind that were killed: servers, programs, folders.';
  static override description =
    'Each is recorded as aborted, in the repository, too. The next "drill run" does the same. Needs no private key.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{aborted: AbortedDrill[]}> {
    const {flags} = await this.parse(DrillClean);
    await using context = await this.open(flags);
    const aborted = await cleanDrills({
      repository: context.repository,
      operator: await context.operator(),
      records: context.drillRecords,
      publish: true,
      now: () => new Date(),
    });
    if (aborted.length === 0) this.log('Nothing was left behind.');
    for (const {id, sources, elsewhere} of aborted) {
      this.log(`Removed what drill ${id} of ${sources.join(', ')} left, and recorded it as aborted.`);
      for (const what of elsewhere) this.log(`It may have left ${what}: drop it by hand.`);
    }
    return {aborted};
  }
}
