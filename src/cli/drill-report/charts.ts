/** Charts as inline SVG. Each has a text for those who do not see it, and its numbers stand in a table beside it. */
import type {DrillReport, DrillTimes} from '../../repository/drill-report.ts';
import {formatDuration} from '../output.ts';
import {html} from './markup.ts';

/** Told apart in grey, too: their lightness differs, and each part has its name in the legend. */
const COLOURS: Readonly<Record<keyof DrillTimes, string>> = {
  prepare: '#6b7280',
  fetch: '#1d4ed8',
  decrypt: '#60a5fa',
  write: '#15803d',
  load: '#a3620a',
  check: '#7e22ce',
};
const WIDTH = 720;
const LEAST_SHOWN = 0.001;

/** Where the time went, as one bar. */
export function phaseBar({times, rtoMs}: DrillReport): string {
  const parts = Object.entries(times).filter(([, ms]) => ms > rtoMs * LEAST_SHOWN) as [
    keyof DrillTimes,
    number,
  ][];
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  if (total === 0) return '';
  let x = 0;
  const bars = parts.map(([phase, ms]) => {
    const width = (ms / total) * WIDTH;
    const bar = `<rect x="${x.toFixed(1)}" y="0" width="${Math.max(1, width - 1).toFixed(1)}" height="34" fill="${COLOURS[phase]}"/>`;
    x += width;
    return bar;
  });
  const said = parts.map(([phase, ms]) => `${phase} ${formatDuration(ms)}`).join(', ');
  const legend = parts
    .map(
      ([phase, ms]) =>
        `<li><span class="swatch" style="background:${COLOURS[phase]}"></span>${phase} ${html(formatDuration(ms))}</li>`,
    )
    .join('');
  return `<svg viewBox="0 0 ${WIDTH} 34" role="img" aria-label="${html(`Time by phase: ${said}`)}">${bars.join('')}</svg><ul class="legend">${legend}</ul>`;
}

interface Series {
  readonly title: string;
  readonly measured: (report: DrillReport) => number | null;
  readonly wanted: (report: DrillReport) => number | null;
}

export const RTO: Series = {
  title: 'RTO',
  measured: ({rtoMs, estimate}) => estimate?.fullMs ?? rtoMs,
  wanted: ({objectives}) => objectives.rtoMs,
};
export const RPO: Series = {
  title: 'RPO',
  measured: ({rpoMs}) => rpoMs,
  wanted: ({objectives}) => objectives.rpoMs,
};

const HEIGHT = 150;
const LEFT = 84;
const BOTTOM = 26;
const LABEL_HEIGHT = 16;

/** One value over time: a point for each drill, hollow where it failed, and the objective as a dashed line. */
export function historyChart(reports: readonly DrillReport[], {title, measured, wanted}: Series): string {
  const points = reports.flatMap((report) => {
    const value = measured(report);
    return report.result === 'aborted' || value === null
      ? []
      : [{report, value, at: Date.parse(report.started)}];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return '';
  const objective = wanted(last.report);
  const most = Math.max(...points.map(({value}) => value), objective ?? 0, 1) * 1.1;
  const x = (at: number): number =>
    LEFT + ((at - first.at) / Math.max(1, last.at - first.at)) * (WIDTH - LEFT - 12);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - 12);
  const place = ({at, value}: {at: number; value: number}): string =>
    `${x(at).toFixed(1)},${y(value).toFixed(1)}`;
  const line = `<polyline points="${points.map(place).join(' ')}" fill="none" stroke="#1d4ed8" stroke-width="2"/>`;
  const dots = points.map((point) => {
    const [cx, cy] = place(point).split(',');
    const passed = point.report.result === 'passed';
    return `<circle cx="${cx}" cy="${cy}" r="4.5" fill="${passed ? '#1d4ed8' : '#fff'}" stroke="${passed ? '#1d4ed8' : '#b91c1c'}" stroke-width="2"/>`;
  });
  const level = (value: number, label: string, dashed: boolean): string =>
    `<line x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="${dashed ? '#b91c1c' : '#9ca3af'}"${dashed ? ' stroke-dasharray="6 4"' : ''}/>` +
    `<text x="${LEFT - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${html(label)}</text>`;
  const top = Math.max(...points.map(({value}) => value));
  // Labels that would lie on each other are left out; the table has every value.
  const levels = [{value: objective ?? top, dashed: objective !== null}];
  for (const value of [top, 0])
    if (levels.every((other) => Math.abs(y(other.value) - y(value)) > LABEL_HEIGHT))
      levels.push({value, dashed: false});
  const lines = levels
    .map(({value, dashed}) => level(value, value === 0 ? '0' : formatDuration(value), dashed))
    .join('');
  const said = `${title} of ${points.length} drills from ${first.report.started.slice(0, 10)} to ${last.report.started.slice(0, 10)}: at most ${formatDuration(top)}, last ${formatDuration(last.value)}${objective === null ? '' : `, objective ${formatDuration(objective)}`}.`;
  return `<figure><figcaption>${title} over time${objective === null ? '' : ' (dashed: the objective)'}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${html(said)}">${lines}${line}${dots.join('')}<text x="${LEFT}" y="${HEIGHT - 6}">${first.report.started.slice(0, 10)}</text><text x="${WIDTH - 12}" y="${HEIGHT - 6}" text-anchor="end">${last.report.started.slice(0, 10)}</text></svg></figure>`;
}
