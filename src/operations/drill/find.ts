import {NotFoundError, UsageError} from '../../errors.ts';
import type {DrillHistory} from '../../repository/drill-history.ts';
import {type DrillRecord, localRecord} from './records.ts';

/**
 * The drill that somebody means: an id or its beginning, `latest`, or `latest:NAME`, where the name is of a drill or of a source. What the
 * signed report says counts; details come from this machine's own record.
 * @throws {@link NotFoundError}, {@link UsageError}
 */
export function findDrill({reports}: DrillHistory, records: string, reference: string): DrillRecord {
  const [, name] = /^latest:(.+)$/.exec(reference) ?? [];
  const matches = reports.filter(
    (report) =>
      reference === 'latest' ||
      (name === undefined
        ? report.id.startsWith(reference)
        : report.name === name || report.subjects.some(({source}) => source === name)),
  );
  const report = matches.at(-1);
  if (report === undefined)
    throw new NotFoundError(`There is no report of a drill "${reference}".`, {
      hint: 'Run "holdfast drill list" to see all.',
    });
  if (matches.length > 1 && !reference.startsWith('latest'))
    throw new UsageError(`"${reference}" may be ${matches.map(({id}) => id).join(' or ')}.`, {
      hint: 'Give more digits.',
    });
  return {report, details: localRecord(records, report.id)?.details ?? []};
}
