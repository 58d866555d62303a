import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {Flags} from '@oclif/core';
import {drillArgs} from '../../cli/drill-flags.ts';
import {drillPage} from '../../cli/drill-report/page.ts';
import {printPdf} from '../../cli/drill-report/pdf.ts';
import {RepositoryCommand} from '../../cli/repository-command.ts';
import {UsageError} from '../../errors.ts';
import {findDrill} from '../../operations/drill/find.ts';
import type {DrillReport} from '../../repository/drill-report.ts';

export default class DrillReportCommand extends RepositoryCommand {
  static override summary = 'Write the report of a drill as an HTML page or a PDF, for people. Needs no key.';
  static override description =
    'The page needs nothing else and prints well. A PDF is printed by Chromium or Chrome, where one of them is installed. On the machine that ran the drill the names of files and values are in it, too.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest --html drill.html',
    '<%= config.bin %> <%= command.id %> latest:orders-weekly --pdf drill.pdf',
  ];
  static override args = drillArgs;
  static override flags = {
    html: Flags.string({helpValue: 'FILE', description: 'write an HTML page'}),
    pdf: Flags.string({helpValue: 'FILE', description: 'write a PDF'}),
  };

  async run(): Promise<{id: string; html: string | null; pdf: string | null}> {
    const {args, flags} = await this.parse(DrillReportCommand);
    if (flags.html === undefined && flags.pdf === undefined)
      throw new UsageError('Where should the report go?', {
        hint: 'Name a file with --html FILE or --pdf FILE.',
      });
    await using context = await this.open(flags);
    const drills = await context.drills();
    this.warnOf(drills.problems);
    const record = findDrill(drills, context.drillRecords, args.id);
    if (!record.isPublished)
      throw new UsageError(`Drill ${record.report.id} has no signed report, only a record on this machine.`, {
        hint: record.isWaiting
          ? 'Its report could not be stored: run "holdfast drill clean", which tries again.'
          : 'See it with "holdfast drill show"; for a report, run the drill without --no-report.',
      });
    const page = drillPage(
      record,
      drills.reports.filter((other) => isSameDrill(other, record.report)),
    );
    const place = (file: string | undefined): string | null => (file === undefined ? null : resolve(file));
    const [html, pdf] = [place(flags.html), place(flags.pdf)];
    if (html !== null) {
      writeFileSync(html, page, {mode: 0o600});
      this.log(`Wrote ${html}`); // Also where nothing is installed that prints.
    }
    if (pdf !== null) {
      await printPdf(page, pdf, process.env['PATH'] ?? '', this.signal);
      this.log(`Wrote ${pdf}`);
    }
    return {id: record.report.id, html, pdf};
  }
}

/** By its name; without one, of the same sources and as much of them. */
function isSameDrill(other: DrillReport, report: DrillReport): boolean {
  const sources = ({subjects}: DrillReport): string => subjects.map(({source}) => source).join(' ');
  if (report.name !== '') return other.name === report.name;
  return other.scope === report.scope && sources(other) === sources(report);
}
