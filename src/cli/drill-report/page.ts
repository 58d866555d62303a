/** A drill as one HTML file that needs nothing else: for auditors, for the file, and for paper. */
import type {DrillRecord} from '../../operations/drill/records.ts';
import type {DrillReport, DrillScope} from '../../repository/drill-report.ts';
import {formatBytes, formatDuration} from '../output.ts';
import {adviceFor} from './advice.ts';
import {historyChart, phaseBar, RPO, RTO} from './charts.ts';
import {html, table} from './markup.ts';

const STYLE = `
:root{color-scheme:light}*{box-sizing:border-box}
body{font:16px/1.5 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif;color:#111827;background:#fff;margin:0 auto;padding:2rem 1.25rem;max-width:50rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid #d1d5db;padding-bottom:.25rem}
p{margin:.4rem 0}code{font:.9em ui-monospace,"Liberation Mono",monospace;overflow-wrap:anywhere}
.verdict{border-left:.6rem solid;padding:.75rem 1rem;margin:1rem 0;font-size:1.1rem}
.verdict strong{font-size:1.4rem}.passed{border-color:#15803d;background:#f0fdf4}.failed{border-color:#b91c1c;background:#fef2f2}.aborted{border-color:#a3620a;background:#fffbeb}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1rem 0;padding:0}
.figures div{border:1px solid #d1d5db;padding:.5rem .75rem}.figures dt{font-size:.85rem;color:#374151}.figures dd{margin:0;font-size:1.25rem;font-weight:600}.figures small{display:block;font-size:.8rem;font-weight:400;color:#374151}
table{border-collapse:collapse;width:100%;font-size:.92rem}caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #e5e7eb;overflow-wrap:anywhere}thead th{border-color:#6b7280;white-space:nowrap}tbody th{font-weight:500}
.ok{color:#166534;font-weight:600;white-space:nowrap}.no{color:#b91c1c;font-weight:700;white-space:nowrap}
svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,"Liberation Sans",sans-serif;fill:#374151}figure{margin:1rem 0}figcaption{font-size:.92rem;font-weight:500;margin-bottom:.25rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;padding:0;margin:.5rem 0;font-size:.9rem}.swatch{display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem}
.details{margin:.25rem 0 0;padding-left:1.1rem;font-size:.9rem}.failure{border-left:.25rem solid #b91c1c;padding:.1rem 0 .1rem .9rem;margin:.75rem 0}.failure .advice{margin-top:.6rem}.advice{color:#374151}
footer{margin-top:2.5rem;font-size:.85rem;color:#374151}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
@media print{@page{size:A4;margin:16mm}body{padding:0;max-width:none;font-size:10.5pt}h2{break-after:avoid}figure,tr,.verdict,.figures div,.failure{break-inside:avoid}}
`;

const VERDICTS = {
  passed: {whole: 'It restores.', sample: 'The sample restores.', key: 'The key opens every generation.'},
  failed: {
    whole: 'It did not restore as it should.',
    sample: 'The sample did not restore as it should.',
    key: 'The key does not open every generation.',
  },
  aborted: {
    whole: 'It proves nothing: the drill did not come to its end.',
    sample: 'It proves nothing: the drill did not come to its end.',
    key: 'It proves nothing: the drill did not come to its end.',
  },
} as const;
const HISTORY_ROWS = 12;
const DETAILS_MOST = 50;

/** @param history reports of the same drill, or of the same sources, oldest first; this one may be among them */
export function drillPage(record: DrillRecord, history: readonly DrillReport[]): string {
  const {report} = record;
  const title = `Restore drill ${report.name || report.subjects.map(({source}) => source).join(', ')}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}: ${report.result}, ${report.started.slice(0, 10)}</title><style>${STYLE}</style></head>
<body><main>
<h1>${html(title)}</h1>
<p>${moment(report.started)}, on ${html(report.host)}</p>
<div class="verdict ${report.result}"><p><strong>${report.result.toUpperCase()}</strong></p><p>${sentence(report)}</p></div>
${report.result === 'aborted' ? '' : figures(report)}
${failures(record)}
<h2>What was restored</h2>
${table(
  ['Source', 'Snapshot', 'Kind', 'Taken'],
  report.subjects.map((subject) => [
    html(subject.source),
    `<code>${html(subject.snapshot)}</code>`,
    subject.kind,
    moment(subject.time),
  ]),
  'Snapshots that were restored',
)}
${checks(report)}
${timing(report)}
${past(history)}
${evidence(report)}
</main><footer>Written by Holdfast from the signed report. The report itself is the evidence, not this page.</footer></body></html>
`;
}

function sentence({result, scope, checks: all}: DrillReport): string {
  const onlyLate = all.every(({ok, name}) => ok || / within its objective$/.test(name));
  if (result !== 'failed') return VERDICTS[result][scope];
  if (onlyLate) return 'It restores, but an objective was missed.';
  const failed = all.filter(({ok}) => !ok).length;
  return `${VERDICTS.failed[scope]} ${failed} of ${all.length === 1 ? '1 check' : `${all.length} checks`} failed.`;
}

function figures({rtoMs, rpoMs, objectives, bytes, files, estimate, scope}: DrillReport): string {
  const figure = (term: string, value: string, note: string): string =>
    `<div><dt>${html(term)}</dt><dd>${html(value)}<small>${html(note)}</small></dd></div>`;
  const objective = (ms: number | null): string =>
    ms === null ? 'no objective' : `objective ${formatDuration(ms)}`;
  if (scope === 'key') return '';
  return `<dl class="figures">${figure('RTO: time to restore', formatDuration(rtoMs), objective(objectives.rtoMs))}${figure(
    'RPO: age of the data',
    rpoMs === null ? '–' : formatDuration(rpoMs),
    objective(objectives.rpoMs),
  )}${figure('Restored', formatBytes(bytes.restored), `${files} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes.fetched)} fetched`)}${figure(
    'Throughput',
    `${formatBytes((bytes.restored / Math.max(1, rtoMs)) * 1000)}/s`,
    'of the whole time',
  )}${estimate === null ? '' : figure('Estimate for the whole', formatDuration(estimate.fullMs), 'see the assumptions')}</dl>`;
}

function failures({report, details}: DrillRecord): string {
  const failed = report.checks
    .map((check, index) => ({check, more: details[index] ?? []}))
    .filter(({check}) => !check.ok);
  if (failed.length === 0) return '';
  // What is to be done about several is said once, below the last of them.
  const groups = Map.groupBy(failed, ({check}) => adviceFor(check, report));
  const item = ({check, more}: (typeof failed)[number]): string => {
    const list = more.slice(0, DETAILS_MOST).map((line) => `<li>${html(line)}</li>`);
    if (more.length > DETAILS_MOST) list.push(`<li>and ${more.length - DETAILS_MOST} more</li>`);
    return `<p><strong>${html(check.name)}</strong>: ${html(check.detail)}</p>${list.length === 0 ? '' : `<ul class="details">${list.join('')}</ul>`}`;
  };
  const items = [...groups].map(
    ([advice, members]) =>
      `<div class="failure">${members.map(item).join('')}<p class="advice">${html(advice)}</p></div>`,
  );
  return `<h2>What failed, and what to do</h2>${items.join('')}`;
}

function checks({checks: all}: DrillReport): string {
  if (all.length === 0) return '';
  const rows = all.map(({name, ok, detail}) => [
    html(name),
    ok ? '<span class="ok">✓ passed</span>' : '<span class="no">✗ failed</span>',
    html(detail),
  ]);
  return `<h2>Checks</h2>${table(['Check', 'Result', 'Detail'], rows, 'All checks')}`;
}

function timing(report: DrillReport): string {
  const bar = phaseBar(report);
  if (bar === '') return '';
  const {estimate} = report;
  const list =
    estimate === null
      ? ''
      : `<p>All of it would take about ${html(formatDuration(estimate.fullMs))}, if</p><ul>${estimate.assumptions.map((line) => `<li>${html(line)}</li>`).join('')}</ul>`;
  return `<h2>Where the time went</h2>${bar}${list}`;
}

function past(history: readonly DrillReport[]): string {
  if (history.length < 2) return '';
  const rows = history
    .slice(-HISTORY_ROWS)
    .reverse()
    .map((report) => [
      moment(report.started),
      report.result === 'passed'
        ? '<span class="ok">✓ passed</span>'
        : `<span class="no">${report.result === 'failed' ? '✗ failed' : 'aborted'}</span>`,
      report.scope,
      report.result === 'aborted' ? '–' : html(formatDuration(report.rtoMs)),
      report.rpoMs === null ? '–' : html(formatDuration(report.rpoMs)),
    ]);
  return `<h2>History</h2>${historyChart(history, RTO)}${historyChart(history, RPO)}${table(['Drill', 'Result', 'Scope', 'RTO', 'RPO'], rows, 'Drills before this one')}`;
}

const SCOPES: Record<DrillScope, string> = {
  whole: 'The whole of each snapshot.',
  sample: 'A part of the files only: no proof of the whole.',
  key: 'The keys only: nothing was restored.',
};

function evidence({
  id,
  operator,
  repository,
  scope,
  subjects,
  tools,
  host,
  started,
  finished,
}: DrillReport): string {
  const rows = [
    ['Scope', SCOPES[scope]],
    ...subjects.map(({source, generation, sequence, seal}) => [
      `Seal of ${html(source)}`,
      `number ${sequence} of generation <code>${html(generation)}</code>, SHA-256 <code>${html(seal)}</code>`,
    ]),
    ['Report', `<code>drills/${id}.asc</code> in repository <code>${html(repository)}</code>`],
    ['Signed by operator', `<code>${html(operator)}</code>`],
    ['Ran', `${html(started)} to ${html(finished)}, on ${html(host)}`],
    ['With', html(tools.map(([name, version]) => `${name} ${version}`).join(', '))],
    [
      'To verify it',
      `<code>gpg --import drills/operators/${html(operator)}.asc</code><br><code>gpg --decrypt drills/${id}.asc</code>`,
    ],
  ];
  return `<h2>Evidence</h2>${table(['What', 'Value'], rows, 'Evidence')}`;
}

function moment(time: string): string {
  return `<time datetime="${html(time)}">${html(time.slice(0, 16).replace('T', ' '))} UTC</time>`;
}
