import {closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {fillContent} from './content.ts';
import {Holdfast} from './holdfast.ts';
import {bytesBelow, measure} from './measure.ts';
import {Random} from './random.ts';
import {Place, type Step} from './tool.ts';

const EXTENT_BYTES = 4 * 2 ** 20;

/** One file that is mostly holes, like a virtual machine's disk: as many pieces of 4 MiB as `dataGb` makes, evenly spread. */
export function backUpSparse(scratch: string, sizeGb: number, dataGb: number): void {
  const source = join(scratch, 'source');
  mkdirSync(source);
  makeSparse(join(source, 'disk.img'), sizeGb * 1e9, Math.round((dataGb * 1e9) / EXTENT_BYTES));
  const tool = new Holdfast(join(scratch, 'keys'));
  const place = new Place(join(scratch, 'place'), source);
  tool.prepare(place);
  const steps: [string, Step][] = [
    ['full', 'backup'],
    ['no change', 'backup'],
    ['verify', 'verify'],
    ['restore', 'restore'],
  ];
  for (const [name, step] of steps) {
    const {wallSeconds, cpuSeconds, peakBytes} = measure(tool.command(step, place), join(scratch, 'log'));
    console.log(
      `${name.padEnd(10)} ${wallSeconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} cpu s, peak ${(peakBytes / 1e6).toFixed(0)} MB, repository ${(bytesBelow(place.repository) / 1e6).toFixed(0)} MB`,
    );
  }
  const [made, restored] = [source, place.restored].map((folder) => statSync(join(folder, 'disk.img')));
  console.log(`on disk: ${(made?.blocks ?? 0) / 2} KiB before, ${(restored?.blocks ?? 0) / 2} KiB restored`);
}

function makeSparse(path: string, sizeBytes: number, extents: number): void {
  const file = openSync(path, 'w');
  const content = Buffer.alloc(EXTENT_BYTES);
  const apart = Math.floor(sizeBytes / extents / 65_536) * 65_536;
  for (let n = 0; n < extents; n++) {
    fillContent(n % 3 === 0 ? 'noise' : 'program', new Random(0x73706172, n), content);
    writeSync(file, content, 0, content.length, n * apart);
  }
  ftruncateSync(file, sizeBytes);
  closeSync(file);
}
