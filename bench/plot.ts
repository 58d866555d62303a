// Draws a result of the bench: node bench/plot.ts bench/results/DATE.json docs/bench.svg
import {readFileSync, writeFileSync} from 'node:fs';
import {type BenchResult, type CaseResult, medianRound} from './lib/results.ts';

const SHOWN = ['full', 'no-change', 'two-percent', 'restore', 'verify', 'dump-first', 'dump-second'];
const [WIDTH, LEFT, RIGHT, BAR, GAP, TOP, BOTTOM] = [760, 96, 110, 13, 40, 64, 48];
/** A bar longer than this many times restic's is cut. */
const MOST = 2;

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined)
  throw new Error('node bench/plot.ts RESULT.json PICTURE.svg');
const result = JSON.parse(readFileSync(input, 'utf8')) as BenchResult;
writeFileSync(output, draw(result));

function draw({cases, versions, machine, options}: BenchResult): string {
  const shown = cases.filter(({name, rounds}) => SHOWN.includes(name) && rounds['restic'] !== undefined);
  let y = TOP;
  const groups = shown.map((one) => {
    const group = drawCase(one, y);
    y += GAP + (BAR + 3) * Object.keys(one.rounds).length;
    return group;
  });
  const height = y + BOTTOM;
  const restic = LEFT + (WIDTH - LEFT - RIGHT) / MOST;
  const names = Object.entries(versions).map(([tool, version]) => `${tool} ${versionNumber(version)}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Time of Holdfast and other backup programs, relative to restic">
<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}.case{font-weight:600}.note{fill:#57606a;font-size:11px}
.bar{fill:#8c959f}.holdfast{fill:#0969da}.name-holdfast{font-weight:600}.line{stroke:#d0d7de}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.bar{fill:#6e7681}.holdfast{fill:#4493f8}.line{stroke:#3d444d}}
</style>
<text class="title" x="16" y="26">Time, relative to restic (shorter is better)</text>
<line class="line" x1="${restic}" x2="${restic}" y1="${TOP - 16}" y2="${height - BOTTOM}"/>
<text class="note" x="${restic}" y="${TOP - 20}" text-anchor="middle">restic = 1</text>
${groups.join('\n')}
<text class="note" x="16" y="${height - 26}">${escapeXml(names.join(' · '))}</text>
<text class="note" x="16" y="${height - 10}">${escapeXml(`${machine['cores']} cores, ${machine['memoryGb']} GB, ${machine['fileSystem']}; medians of ${options.rounds}`)}</text>
</svg>
`;
}

function drawCase({title, data, rounds}: CaseResult, top: number): string {
  const restic = medianRound(rounds['restic'] ?? []).wallSeconds;
  const scale = (WIDTH - LEFT - RIGHT) / MOST;
  const size = `${data.files > 1 ? `${data.files} files, ` : ''}${(data.bytes / 1e6).toFixed(0)} MB`;
  const lines = [
    `<text class="case" x="16" y="${top}">${escapeXml(title)}<tspan class="note" dx="8">${size}</tspan></text>`,
  ];
  for (const [n, [tool, list]] of Object.entries(rounds).entries()) {
    const {wallSeconds} = medianRound(list);
    const ratio = wallSeconds / restic;
    const y = top + 8 + n * (BAR + 3);
    const length = Math.min(ratio, MOST) * scale;
    const arrow = ratio > MOST ? ' →' : '';
    lines.push(
      `<text class="name-${tool}" x="${LEFT - 8}" y="${y + BAR - 3}" text-anchor="end">${tool}</text>`,
      `<rect class="bar ${tool}" x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text x="${(LEFT + length + 6).toFixed(1)}" y="${y + BAR - 3}">${wallSeconds.toFixed(2)} s (${ratio.toFixed(2)})${arrow}</text>`,
    );
  }
  return lines.join('\n');
}

function versionNumber(text: string): string {
  return /\d+(\.\d+)+/.exec(text)?.[0] ?? text;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
