/** The plan as a page for people; fits 80 columns. */
import {formatSize} from '../config/units.ts';
import type {Plan} from '../operations/plan/plan.ts';
import type {Keep} from '../operations/plan/project.ts';
import type {SourceSurvey} from '../operations/plan/survey.ts';
import {pathText} from '../system/utf8.ts';
import {formatDuration, renderTable} from './output.ts';
import {rulesOf} from './plan-config.ts';
import {displayPath} from './terminal.ts';

const WIDTH = 80;

/** Examples, for where the config has no prices: list prices of 2025, per GB. */
const PRICE_EXAMPLES: readonly (readonly [name: string, storage: number, download: number])[] = [
  ['Amazon S3 Standard, us-east-1', 0.023, 0.09],
  ['Amazon S3 Standard-IA, us-east-1', 0.0125, 0.1],
  ['Backblaze B2', 0.006, 0.01],
];

export function planPage(plan: Plan, width: number | undefined): string {
  const parts = [
    section('What there is', sourcesPart(plan.sources, width)),
    section('How it changes', changesPart(plan.sources, width)),
    section('What to look at', hints(plan.sources)),
    section('Recommended', advicePart(plan)),
    section('What that will take', projectionPart(plan, width)),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function section(title: string, body: string): string {
  return body === '' ? '' : `${title.toUpperCase()}\n${body}`;
}

function sourcesPart(sources: readonly SourceSurvey[], width: number | undefined): string {
  const percent = (share: number | undefined): string =>
    share === undefined ? '' : `${Math.round(share * 100)} %`;
  const table = renderTable(
    [
      {title: 'SOURCE', flexible: true},
      {title: 'KIND'},
      {title: 'FILES', align: 'right'},
      {title: 'SIZE', align: 'right'},
      {title: 'PACKS TO', align: 'right'},
      {title: 'TWICE', align: 'right'},
      {title: 'FULL TAKES', align: 'right'},
    ],
    sources.map(({source, kind, files, bytes, storedBytes, scan}) => [
      source,
      kind,
      files === null ? '?' : about(scan, files.toLocaleString('en')),
      bytes === null ? '?' : about(scan, formatSize(bytes)),
      percent(scan?.sample.compression),
      percent(scan?.sample.duplicates),
      storedBytes === null ? '?' : formatSize(storedBytes),
    ]),
    width,
  );
  const kinds = new Map<string, number>();
  for (const {scan} of sources)
    for (const [kind, {bytes}] of scan?.kinds ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + bytes);
  const most = [...kinds].sort(([, a], [, b]) => b - a).slice(0, 6);
  return most.length === 0
    ? table
    : `${table}\n${wrap(`Of files: ${most.map(([kind, bytes]) => `${kind} ${formatSize(bytes)}`).join(', ')}.`)}`;
}

function about(scan: SourceSurvey['scan'], text: string): string {
  return scan?.complete === false ? `~${text}` : text;
}

function changesPart(sources: readonly SourceSurvey[], width: number | undefined): string {
  const from = {snapshots: 'snapshots', times: 'times of files', assumed: 'assumed'};
  return renderTable(
    [
      {title: 'SOURCE', flexible: true},
      {title: 'LAST DAY', align: 'right'},
      {title: 'LAST 7 DAYS', align: 'right'},
      {title: 'LAST 30', align: 'right'},
      {title: 'A DAY ADDS', align: 'right'},
      {title: 'FROM'},
    ],
    sources.map(({source, scan, dailyBytes, dailyFrom}) => [
      source,
      ...(['day', 'week', 'month'] as const).map((span) =>
        scan === undefined ? '' : formatSize(scan.changed[span].bytes),
      ),
      dailyBytes === null ? '?' : formatSize(dailyBytes),
      dailyBytes === null ? '' : from[dailyFrom],
    ]),
    width,
  );
}

function hints(sources: readonly SourceSurvey[]): string {
  return sources
    .flatMap(({source, notes, scan}) => [
      ...notes.map((note) => `${source}: ${displayPath(note)}`),
      ...[...(scan?.sensitive ?? [])].map(
        ([what, {count, first}]) =>
          `${source}: sensitive: ${what} (${count === 1 ? '' : `${count}, such as `}${displayPath(pathText(Buffer.from(first, 'latin1')))})`,
      ),
      ...[...(scan?.madeAgain ?? [])]
        .filter(([, {bytes}]) => bytes > (scan?.seen.bytes ?? 0) / 100)
        .map(
          ([pattern, {bytes}]) =>
            `${source}: exclude: ["${pattern}"] would leave out ${formatSize(bytes)} that can be made again`,
        ),
    ])
    .map((line) => wrap(line, '- '))
    .join('\n');
}

function advicePart({recommendation: {fullDays, schedule, retention, sources, reasons}}: Plan): string {
  return [
    `full: ${fullDays}d`,
    `schedule: "${schedule}"`,
    `retention: ${retentionText(retention)}`,
    ...[...sources].flatMap(([name, advice]) =>
      advice.schedule === undefined ? [] : [`sources.${name}.schedule: "${advice.schedule}"`],
    ),
    ...reasons.map((reason) => wrap(reason, '- ')),
  ].join('\n');
}

/** As it stands in the config. */
function retentionText(keep: Keep): string {
  return `{ ${Object.entries(rulesOf(keep))
    .map(([rule, count]) => `${rule}: ${count}`)
    .join(', ')} }`;
}

function projectionPart({projection, sources}: Plan, width: number | undefined): string {
  const {after, nowBytes, limit, cost, upload, restore} = projection;
  const spans = new Map([
    [30, '30 days'],
    [90, '90 days'],
    [365, 'a year'],
    [1095, '3 years'],
  ]);
  const table = renderTable(
    [
      {title: 'REPOSITORY AFTER'},
      ...after.map(({days}) => ({title: spans.get(days) ?? `${days} days`, align: 'right' as const})),
    ],
    [
      ['as recommended', ...after.map(({bytes}) => formatSize(bytes))],
      ['never pruned', ...after.map(({unprunedBytes}) => formatSize(unprunedBytes))],
    ],
    width,
  );
  const from = {backups: 'as backups so far', config: 'by the config', assumed: 'assumed: set plan.upload'};
  const lines = [
    ...(nowBytes === null || nowBytes === 0 ? [] : [`It holds ${formatSize(nowBytes)} now.`]),
    ...(limit === null ? [] : [limitText(limit)]),
    `Upload at ${formatSize(upload.bytesPerSecond)}/s (${from[upload.from]}): a full backup ${formatDuration(upload.fullMs)}, what a day adds ${formatDuration(upload.dailyMs)}.`,
    ...restore
      .filter(({source}) => sources.some((one) => one.source === source && one.storedBytes !== null))
      .map(
        ({source, ms, from: basis, rtoMs, fits}) =>
          `Restoring ${source}: ${formatDuration(ms)} (${basis === 'drill' ? 'by its last drill' : 'assumed: a drill measures it'})${rtoMs === null ? '' : `; the objective is ${formatDuration(rtoMs)}: ${fits === true ? 'met' : 'MISSED'}`}.`,
      ),
    ...(cost === null ? examples(projection) : [costText(cost)]),
  ];
  return [table, ...lines.map((line) => wrap(line))].join('\n');
}

function limitText({
  bytes,
  passedAfterDays,
  unprunedPassedAfterDays,
}: NonNullable<Plan['projection']['limit']>): string {
  const when = (days: number | null): string =>
    days === null ? 'not within three years' : days === 0 ? 'at once' : `after ${days} days`;
  return `limits.repository of ${formatSize(bytes)} is passed ${when(passedAfterDays)}; never pruned, ${when(unprunedPassedAfterDays)}.`;
}

function costText({
  currency,
  nowPerMonth,
  afterYearPerMonth,
  restore,
}: NonNullable<Plan['projection']['cost']>): string {
  const money = (amount: number): string => `${amount.toFixed(2)} ${currency}`.trim();
  return `Cost: ${money(nowPerMonth)} a month now, ${money(afterYearPerMonth)} after a year; restoring everything once ${money(restore)}.`;
}

function examples({after, upload}: Plan['projection']): string[] {
  const year = (after.find(({days}) => days === 365)?.bytes ?? 0) / 1e9;
  const full = (upload.fullMs / 1000) * (upload.bytesPerSecond / 1e9);
  return [
    'What it costs: set plan.prices. Some list prices of 2025, after a year, and restoring everything once:',
    ...PRICE_EXAMPLES.map(
      ([name, storage, download]) =>
        `  ${name}: ${(year * storage).toFixed(2)} USD a month, ${(full * download).toFixed(2)} USD`,
    ),
  ];
}

/** Breaks a text into lines of 80 columns. */
function wrap(text: string, mark = ''): string {
  const indent = ' '.repeat(mark.length || (/^ */.exec(text)?.[0].length ?? 0));
  const lines: string[] = [];
  let line = mark || indent;
  for (const word of text.trim().split(' ')) {
    if (line.trim() !== '' && line.length + word.length > WIDTH && line.trim() !== mark.trim()) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}
