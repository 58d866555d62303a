/** Puts what was recommended into the config. */
import type {Change} from '../config/edit.ts';
import type {Plan} from '../operations/plan/plan.ts';
import type {Keep} from '../operations/plan/project.ts';

/** The rules that keep something, as they stand in the config. */
export function rulesOf(keep: Keep): Record<string, number> {
  return Object.fromEntries(Object.entries(keep).filter(([, count]) => count > 0));
}

/** @param isScheduleMapped whether `schedule` is a mapping of jobs already */
export function planChanges({recommendation, projection}: Plan, isScheduleMapped: boolean): Change[] {
  const {fullDays, schedule, retention, sources, reasons} = recommendation;
  const [full = '', ...others] = reasons;
  const year = projection.after.find(({days}) => days === 365)?.bytes ?? 0;
  const quiet = others.find((reason) => /^(?:At|Nothing)/.test(reason)) ?? '';
  return [
    {path: ['full'], value: `${fullDays}d`, comment: full},
    {
      path: ['retention'],
      value: rulesOf(retention),
      comment: `With this the repository takes about ${Math.round(year / 1e6)} MB after a year. Removed by "holdfast prune", where storage may be deleted from.`,
    },
    {path: isScheduleMapped ? ['schedule', 'backup'] : ['schedule'], value: schedule, comment: quiet},
    ...[...sources].flatMap(([name, advice]): Change[] =>
      advice.schedule === undefined
        ? []
        : [
            {
              path: ['sources', name, 'schedule'],
              value: advice.schedule,
              comment: others.find((reason) => reason.startsWith(`${name} `)) ?? '',
            },
          ],
    ),
  ];
}
