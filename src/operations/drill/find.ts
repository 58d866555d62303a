import {NotFoundError, UsageError} from '../../errors.ts';
import type {DrillHistory} from '../../repository/drill-history.ts';
import {type DrillRecord, localRecords} from './records.ts';

export interface FoundDrill extends DrillRecord {
  /** Whether the repository has its signed report; what is on this machine alone proves nothing to others. */
  readonly isPublished: boolean;
  /** Whether it should have, and will be tried again. */
  readonly isWaiting: boolean;
}

/**
 * The drill that somebody means: an id or its beginning, `latest`, or `latest:NAME`, where the name is of a drill or of a source. What the
 * signed report says counts; details, and drills without a report, come from this machine's own records.
 * @throws {@link NotFoundError}, {@link UsageError}
 */
export function findDrill({reports}: DrillHistory, records: string, reference: string): FoundDrill {
  const [, name] = /^latest:(.+)$/.exec(reference) ?? [];
  const published = new Set(reports.map(({id}) => id));
  const local = localRecords(records);
  const unpublished = local.filter(({report}) => !published.has(report.id)).map(({report}) => report);
  const matches = [...reports, ...unpublished]
    .filter(
      (report) =>
        reference === 'latest' ||
        (name === undefined
          ? report.id.startsWith(reference)
          : report.name === name || report.subjects.some(({source}) => source === name)),
    )
    .sort((a, b) => Date.parse(a.started) - Date.parse(b.started));
  const report = matches.at(-1);
  if (report === undefined)
    throw new NotFoundError(`There is no report of a drill "${reference}".`, {
      hint: 'Run "holdfast drill list" to see all.',
    });
  if (matches.length > 1 && !reference.startsWith('latest'))
    throw new UsageError(`"${reference}" may be ${matches.map(({id}) => id).join(' or ')}.`, {
      hint: 'Give more digits.',
    });
  const {details = [], isWaiting = false} = local.find((record) => record.report.id === report.id) ?? {};
  const isPublished = published.has(report.id);
  return {report, details, isPublished, isWaiting: isWaiting && !isPublished};
}
