import {type DrillJson, drillJson, verdictOf} from '../../cli/drill-view.ts';
import {formatDuration, renderTable} from '../../cli/output.ts';
import {RepositoryCommand} from '../../cli/repository-command.ts';
import {drillStates, sourceProofs} from '../../operations/drill/due.ts';
import type {DrillReport} from '../../repository/drill-report.ts';

interface DrillListJson {
  /** Those of the configuration. */
  readonly drills: readonly {
    readonly name: string;
    readonly sources: readonly string[];
    readonly schedule: string | null;
    readonly due: boolean;
    readonly last: DrillJson | null;
  }[];
  readonly sources: readonly {
    readonly source: string;
    readonly lastProven: string | null;
    readonly snapshot: string | null;
    readonly drill: string | null;
  }[];
  /** All reports that count, oldest first. */
  readonly reports: readonly DrillJson[];
  readonly problems: readonly {readonly object: string; readonly problem: string}[];
}

const SHOWN = 20;

export default class DrillList extends RepositoryCommand {
  static override summary =
    'List the drills: what is due, how each ended, and when a source was last proven. Needs no key.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<DrillListJson> {
    const {flags} = await this.parse(DrillList);
    await using context = await this.open(flags);
    const history = await context.history();
    const {reports, problems} = await context.drills();
    this.warnOf([...history.problems, ...problems]);
    const now = new Date();
    const drills = drillStates(context.config?.drills.values() ?? [], reports, now);
    const proofs = sourceProofs(history, reports);
    const age = (report: DrillReport): string =>
      `${formatDuration(now.getTime() - Date.parse(report.finished))} ago`;
    if (drills.length > 0)
      this.#table(
        ['DRILL', 'SOURCES', 'DUE', 'LAST RESULT', 'WHEN'],
        drills.map(({name, sources, due, schedule, last}) => [
          name,
          sources.join('+'),
          due ? 'now' : schedule === undefined ? 'no schedule' : 'not yet',
          last === undefined ? 'never run' : verdictOf(last),
          last === undefined ? '' : age(last),
        ]),
      );
    this.#table(
      ['SOURCE', 'LAST PROVEN RESTORABLE', 'SNAPSHOT', 'DRILL'],
      proofs.map(({source, proof}) => [
        source,
        proof === undefined ? 'never' : age(proof.report),
        proof?.subject.snapshot ?? '',
        proof?.report.id ?? '',
      ]),
    );
    const shown = reports.slice(-SHOWN);
    this.#table(
      ['HISTORY', 'OF', 'RESULT', 'RTO', 'RPO'],
      shown.map((report) => [
        report.id,
        report.name || report.subjects.map(({source}) => source).join('+'),
        verdictOf(report),
        report.result === 'aborted' ? '' : formatDuration(report.rtoMs),
        report.rpoMs === null ? '' : formatDuration(report.rpoMs),
      ]),
    );
    if (shown.length < reports.length)
      this.log(`and ${reports.length - shown.length} older ones (--json has all)`);
    return {
      drills: drills.map(({name, sources, schedule, due, last}) => ({
        name,
        sources,
        schedule: schedule ?? null,
        due,
        last: last === undefined ? null : drillJson({report: last, details: []}),
      })),
      sources: proofs.map(({source, proof}) => ({
        source,
        lastProven: proof?.report.finished ?? null,
        snapshot: proof?.subject.snapshot ?? null,
        drill: proof?.report.id ?? null,
      })),
      reports: reports.map((report) => drillJson({report, details: []})),
      problems: problems.map(({object, problem}) => ({object, problem})),
    };
  }

  #table(titles: readonly string[], rows: readonly (readonly string[])[]): void {
    if (rows.length === 0) return;
    this.log(
      `${renderTable(
        titles.map((title) => ({title})),
        rows,
        this.output.width,
      )}\n`,
    );
  }
}
