/** A folder like a Linux installation's /usr, the same on every machine. */
import {
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {type ContentKind, fillContent, WORDS} from './content.ts';
import {Random} from './random.ts';

export interface TreeSize {
  readonly files: number;
  readonly bytes: number;
}

/** Raised when the same seed gives other files than before. */
export const TREE_VERSION = 1;
const FULL_FILES = 54_292;

/** Per mille of files that have 2ⁿ⁻¹ to 2ⁿ bytes, n from 0 on: counted in /usr/share and /usr/lib of a Debian 12. */
const SIZE_SHARES = [
  9.3, 3.8, 0, 1, 1.9, 1.9, 10.4, 8.7, 38.5, 77.3, 173.7, 235.8, 140.7, 91.5, 77.8, 59.9, 31.2, 18.6, 9.9,
  4.3, 2, 0.84, 0.48, 0.2, 0.13, 0.22,
];
const DUPLICATES = 0.03;
const HARD_LINKS = 0.008;
const SYMBOLIC_LINKS = 0.06;
const FILES_PER_FOLDER = 10;

/** @param scale 1 for 54,292 files of about 1.4 GB */
export function makeTree(root: string, scale: number, seed = 1): TreeSize {
  const random = new Random(0x74726565, seed);
  const count = Math.round(FULL_FILES * scale);
  const folders = makeFolders(root, Math.ceil(count / FILES_PER_FOLDER), random);
  const sizes = shuffledSizes(count, random);
  const memory = Buffer.alloc(Math.max(...sizes, 1));
  let bytes = 0;
  const made: {path: string; content: number; kind: ContentKind; sizeBytes: number}[] = [];
  for (const [n, size] of sizes.entries()) {
    const path = join(random.pick(folders), fileName(random, n));
    const earlier = n > 0 ? random.pick(made) : undefined;
    const fate = random.share();
    if (earlier !== undefined && fate < HARD_LINKS) {
      linkSync(earlier.path, path);
      made.push({...earlier, path});
      continue;
    }
    const file =
      earlier !== undefined && fate < HARD_LINKS + DUPLICATES
        ? {...earlier, path}
        : {path, content: n, kind: kindOf(size, random), sizeBytes: size};
    const content = memory.subarray(0, file.sizeBytes);
    fillContent(file.kind, new Random(0x66696c65, seed, file.content), content);
    writeFileSync(path, content);
    chmodSync(path, random.share() < 0.1 ? 0o755 : 0o644);
    age(path, random);
    if (random.share() < SYMBOLIC_LINKS) symlinkSync(fileName(random, n), `${path}.link`);
    made.push(file);
    bytes += file.sizeBytes;
  }
  for (const folder of folders.toReversed()) age(folder, random);
  return {files: made.length, bytes};
}

function makeFolders(root: string, count: number, random: Random): string[] {
  mkdirSync(root, {recursive: true});
  const folders = [root];
  while (folders.length < count) {
    const parent = folders[Math.floor(folders.length * random.share() ** 0.7)] as string;
    const folder = join(parent, `${random.pick(WORDS)}-${folders.length.toString(36)}`);
    mkdirSync(folder);
    folders.push(folder);
  }
  return folders;
}

function shuffledSizes(count: number, random: Random): number[] {
  const sizes: number[] = [];
  for (const [bits, share] of SIZE_SHARES.entries()) {
    for (let left = Math.round((count * share) / 1000); left > 0; left--)
      sizes.push(bits === 0 ? 0 : Math.floor(2 ** (bits - 1 + random.share())));
  }
  for (let at = sizes.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [sizes[at], sizes[other]] = [sizes[other] as number, sizes[at] as number];
  }
  return sizes;
}

function kindOf(sizeBytes: number, random: Random): ContentKind {
  const [text, program] = sizeBytes < 16_384 ? [0.85, 0.1] : sizeBytes < 1 << 20 ? [0.5, 0.35] : [0.25, 0.67];
  const share = random.share();
  return share < text ? 'text' : share < text + program ? 'program' : 'noise';
}

function fileName(random: Random, n: number): string {
  const extension = random.pick(['.py', '.h', '.so', '.txt', '.html', '.png', '.json', '.gz', '']);
  return `${random.pick(WORDS)}_${n.toString(36)}${extension}`;
}

function age(path: string, random: Random): void {
  const seconds = 1_700_000_000 + random.below(40_000_000);
  utimesSync(path, seconds, seconds);
}

/** The regular files below a folder, and the bytes in them; each inode counts once. */
export function measureTree(root: string): TreeSize & {paths: string[]} {
  const paths: string[] = [];
  const inodes = new Set<number>();
  let bytes = 0;
  const entries = readdirSync(root, {recursive: true, withFileTypes: true});
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const {size, ino} = lstatSync(path);
    if (!inodes.has(ino)) bytes += size;
    inodes.add(ino);
    paths.push(path);
  }
  return {files: paths.length, bytes, paths: paths.sort()};
}

/** Edits one file in fifty: other ones each round. A few bytes change in the middle, and a line is appended. */
export function changeTwoPercent(root: string, round: number): number {
  const {paths} = measureTree(root);
  let changed = 0;
  for (let n = (round * 7) % 50; n < paths.length; n += 50) {
    const random = new Random(0x65646974, round, n);
    const file = openSync(paths[n] as string, 'r+');
    try {
      const {size} = fstatSync(file);
      const edit = Buffer.alloc(Math.min(size, 1 + random.below(64)));
      random.fill(edit);
      writeSync(file, edit, 0, edit.length, Math.floor((size - edit.length) / 2));
      const line = Buffer.from(`${random.pick(WORDS)} ${round}\n`);
      writeSync(file, line, 0, line.length, size);
      changed++;
    } finally {
      closeSync(file);
    }
  }
  return changed;
}
