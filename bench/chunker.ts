// How fast chunks are found: node bench/chunker.ts [MiB]
import {randomFillSync} from 'node:crypto';
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {createChunker, DEFAULT_CHUNKING, TABLE_BYTES} from '../src/chunker/chunker.ts';

const sizeBytes = Number(process.argv[2] ?? 64) * 2 ** 20;
const memory = new WebAssembly.Memory({initial: sizeBytes / 65_536 + 1, maximum: 65_536, shared: true});
const chunker = createChunker(memory, 0, {seed: new Uint8Array(32).fill(7), ...DEFAULT_CHUNKING});
const data = new Uint8Array(memory.buffer, TABLE_BYTES, sizeBytes);
const stepBytes = 262_144;

const inputs: Record<string, () => void> = {
  random: () => randomFillSync(data),
  zeros: () => data.fill(0),
  text: () => fillWithFiles('/usr/include'),
  programs: () => fillWithFiles('/usr/bin'),
};

for (const [name, fill] of Object.entries(inputs)) {
  fill();
  let chunks = 0;
  const rates: number[] = [];
  for (let round = 0; round < 9; round++) {
    const started = process.hrtime.bigint();
    chunks = cutAll();
    rates.push(sizeBytes / 1e6 / (Number(process.hrtime.bigint() - started) / 1e9));
  }
  const sorted = rates.toSorted((a, b) => a - b);
  const [first, median] = [rates[0] ?? 0, sorted[4] ?? 0];
  const average = Math.round(sizeBytes / chunks / 1024);
  console.log(
    `${name.padEnd(9)} ${median.toFixed(0)} MB/s (first round ${first.toFixed(0)}), ${chunks} chunks of ${average} KiB`,
  );
}

function cutAll(): number {
  let chunks = 0;
  for (let start = 0; start < sizeBytes; chunks++) {
    chunker.begin();
    let cut = 0;
    let length = 0;
    while (cut === 0 && start + length < sizeBytes) {
      length = Math.min(length + stepBytes, sizeBytes - start);
      cut = chunker.scan(TABLE_BYTES + start, length);
    }
    start += cut === 0 ? length : cut;
  }
  return chunks;
}

function fillWithFiles(folder: string): void {
  let filled = 0;
  while (filled < sizeBytes) {
    const before = filled;
    for (const name of readdirSync(folder, {recursive: true, encoding: 'utf8'})) {
      const path = join(folder, name);
      if (filled >= sizeBytes || !statSync(path, {throwIfNoEntry: false})?.isFile()) continue;
      const content = readFileSync(path).subarray(0, sizeBytes - filled);
      data.set(content, filled);
      filled += content.length;
    }
    if (filled === before) throw new Error(`${folder} has no files.`);
  }
}
