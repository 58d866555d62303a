import {existsSync, mkdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {WORDS} from './content.ts';
import {Holdfast} from './holdfast.ts';
import {bytesBelow, measure} from './measure.ts';
import {Random} from './random.ts';
import {Place, type Step} from './tool.ts';

const FILES_PER_FOLDER = 250;

/** Backs up, backs up again, restores and verifies a quarter of so many small files, then half, then all. */
export function growFiles(scratch: string, count: number): void {
  const tool = new Holdfast(join(scratch, 'keys'));
  const source = join(scratch, 'source');
  let made = 0;
  console.log('files       step         wall s    cpu s   µs/file    peak MB   catalog MB   repository MB');
  for (const share of [0.25, 0.5, 1]) {
    const files = Math.round(count * share);
    for (; made < files; made++) makeFile(source, made);
    const place = new Place(join(scratch, `place-${files}`), source);
    tool.prepare(place);
    for (const [name, step] of STEPS) {
      const {wallSeconds, cpuSeconds, peakBytes} = measure(tool.command(step, place), join(scratch, 'log'));
      const cells = [
        wallSeconds.toFixed(2),
        cpuSeconds.toFixed(2),
        ((wallSeconds * 1e6) / files).toFixed(1),
        (peakBytes / 1e6).toFixed(0),
        (fileBytes(join(place.state, 'catalog.db')) / 1e6).toFixed(1),
        (bytesBelow(place.repository) / 1e6).toFixed(1),
      ];
      console.log(
        `${String(files).padEnd(12)}${name.padEnd(10)}${cells.map((cell) => cell.padStart(9)).join('  ')}`,
      );
    }
    rmSync(place.folder, {recursive: true});
  }
}

const STEPS: readonly (readonly [name: string, step: Step])[] = [
  ['full', 'backup'],
  ['no change', 'backup'],
  ['restore', 'restore'],
  ['verify', 'verify'],
  ['snapshots', 'list'],
];

/** Some 300 bytes, in no two files the same. */
function makeFile(source: string, n: number): void {
  const group = Math.floor(n / FILES_PER_FOLDER);
  const folder = join(source, (group >> 6).toString(36), (group & 63).toString(36));
  if (n % FILES_PER_FOLDER === 0) mkdirSync(folder, {recursive: true});
  const random = new Random(0x736d616c, n);
  let text = `${n}`;
  for (let left = random.below(80); left > 0; left--) text += ` ${random.pick(WORDS)}`;
  writeFileSync(join(folder, `${random.pick(WORDS)}-${n}.txt`), `${text}\n`);
}

function fileBytes(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
