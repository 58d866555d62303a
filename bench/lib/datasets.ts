/** The data that is backed up: made once per folder and size, and given back as it was made for each round. */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Change, Dataset} from './cases.ts';
import {DUMP_VERSION, Table} from './dump.ts';
import {changeTwoPercent, makeTree, measureTree, TREE_VERSION} from './tree.ts';

export interface DatasetFacts {
  readonly files: number;
  readonly bytes: number;
}

export class Datasets {
  /** What the tools back up, by dataset. */
  readonly folders: Readonly<Record<Dataset, string>>;
  readonly #base: string;
  readonly #scale: number;
  readonly #tree: string | undefined;

  /** @param tree a real folder to copy instead of the made one */
  constructor(base: string, scale: number, tree: string | undefined) {
    this.#base = base;
    this.#scale = scale;
    this.#tree = tree;
    this.folders = {tree: join(base, 'data', 'tree'), dump: join(base, 'data', 'dump')};
    mkdirSync(join(base, 'data'), {recursive: true});
  }

  /** Brings the dataset back to its first state, and into the page cache. */
  reset(dataset: Dataset): DatasetFacts {
    const folder = this.folders[dataset];
    rmSync(folder, {recursive: true, force: true});
    if (dataset === 'tree') copy(this.#tree ?? this.#made('tree', TREE_VERSION), folder);
    else this.#useDump('first');
    const {files, bytes, paths} = measureTree(folder);
    for (const path of paths) readFileSync(path);
    return {files, bytes};
  }

  change(change: Change, round: number): void {
    if (change === 'two percent') changeTwoPercent(this.folders.tree, round);
    else this.#useDump(change);
  }

  #useDump(version: 'first' | 'clustered' | 'scattered'): void {
    mkdirSync(this.folders.dump, {recursive: true});
    copy(join(this.#made('dump', DUMP_VERSION), `${version}.sql`), join(this.folders.dump, 'dump.sql'));
  }

  #made(dataset: Dataset, version: number): string {
    const folder = join(this.#base, `${dataset}-v${version}-${this.#scale}`);
    if (existsSync(folder)) return folder;
    for (const name of readdirSync(this.#base))
      if (name.startsWith(`${dataset}-v`)) rmSync(join(this.#base, name), {recursive: true});
    console.log(`Making the ${dataset} …`);
    const part = `${folder}.part`;
    mkdirSync(part);
    if (dataset === 'tree') makeTree(part, this.#scale);
    else makeDumps(part, this.#scale);
    renameSync(part, folder);
    return folder;
  }
}

function makeDumps(folder: string, scale: number): void {
  const table = new Table(scale);
  table.write(join(folder, 'first.sql'));
  table.change('clustered');
  table.write(join(folder, 'clustered.sql'));
  table.change('scattered');
  table.write(join(folder, 'scattered.sql'));
}

/** With hard links, times and modes. */
function copy(from: string, to: string): void {
  const {status, stderr} = spawnSync('cp', ['-a', '--', from, to], {encoding: 'utf8'});
  if (status !== 0) throw new Error(stderr);
}
