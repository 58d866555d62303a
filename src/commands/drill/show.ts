import {drillArgs} from '../../cli/drill-flags.ts';
import {type DrillJson, drillJson, drillText} from '../../cli/drill-view.ts';
import {RepositoryCommand} from '../../cli/repository-command.ts';
import {findDrill} from '../../operations/drill/find.ts';

export default class DrillShow extends RepositoryCommand {
  static override summary = 'Show the report of a drill, after checking its signature. Needs no key.';
  static override description =
    'On the machine that ran the drill it has the names of files and values, too: they are not part of the report, which everybody who sees the storage can read.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261120T050000Z-1a2b3c4d',
    '<%= config.bin %> <%= command.id %> latest --json',
  ];
  static override args = drillArgs;

  async run(): Promise<DrillJson> {
    const {args, flags} = await this.parse(DrillShow);
    await using context = await this.open(flags);
    const drills = await context.drills();
    this.warnOf(drills.problems);
    const record = findDrill(drills, context.drillRecords, args.id);
    this.log(drillText(record));
    const {id, host, operator, tools} = record.report;
    this.log(`  On ${host}, with ${tools.map(([name, version]) => `${name} ${version}`).join(', ')}`);
    this.log(
      record.isPublished
        ? `  Report drills/${id}.asc, signed by operator ${operator}`
        : record.isWaiting
          ? '  Recorded on this machine alone, since its report could not be stored: "holdfast drill clean" tries again.'
          : '  Recorded on this machine alone; it proves nothing to others.',
    );
    return drillJson(record);
  }
}
