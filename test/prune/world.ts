/** A machine whose backups lie days apart, who prunes it, and what must hold afterwards. */
import {mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import type {Target} from '../../src/targets/target.ts';
import {Machine} from '../support/machine.ts';
import {Pruner} from '../support/pruner.ts';
import {SimulatedTime} from '../support/simulated-time.ts';
import {describeTree, noise} from '../support/trees.ts';

/** A machine whose backups lie days apart, and who prunes it. */
export async function setUp(): Promise<
  {machine: Machine; time: SimulatedTime; pruner: Pruner; trees: Map<string, unknown>} & AsyncDisposable
> {
  const time = new SimulatedTime();
  const machine = await Machine.create({wrap: time.wrap, now: time.now});
  return {
    machine,
    time,
    pruner: new Pruner(machine),
    trees: new Map(),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

export type World = Awaited<ReturnType<typeof setUp>>;

/** One more snapshot of other content. */
export async function backUp({machine, trees}: World, options: {full?: boolean} = {}): Promise<string> {
  writeFileSync(join(machine.source, 'file'), noise(20_000, `${trees.size}`));
  writeFileSync(join(machine.source, `file-${trees.size % 5}`), noise(20_000, `more ${trees.size}`));
  const {id} = await machine.backup(options, {}, {packBytes: 15_000});
  trees.set(String(id), describeTree(machine.source));
  return String(id);
}

export interface Edits {
  readonly folders: number;
  readonly filesInEach: number;
  readonly mostBytes: number;
  /** What tells one content from another: the same gives the same bytes. */
  content(): string;
}

/** A few files change; now and then one goes. */
export function edit(source: string, chance: () => number, edits: Edits): void {
  for (let left = 1 + Math.floor(chance() * 3); left > 0; left--) {
    const folder = join(source, `folder-${Math.floor(chance() * edits.folders)}`);
    mkdirSync(folder, {recursive: true});
    const path = join(folder, `file-${Math.floor(chance() * edits.filesInEach)}`);
    if (chance() < 0.1) rmSync(path, {force: true});
    else writeFileSync(path, noise(500 + Math.floor(chance() * edits.mostBytes), edits.content()));
  }
}

/** INV1: what is kept comes back as it was; INV2: nothing is called damage. */
export async function expectKept({machine, trees}: World, kept: readonly string[]): Promise<void> {
  expect(await machine.verify({level: 'content'})).toMatchObject({
    ok: true,
    problems: [],
    snapshots: kept.length,
  });
  for (const id of new Set([kept[0], kept.at(-1)])) {
    const folder = await machine.restored(String(id));
    expect(describeTree(folder), id).toEqual(trees.get(String(id)));
    rmSync(folder, {recursive: true});
  }
}

export const stored = ({machine}: World, pattern: RegExp): string[] =>
  readdirSync(machine.repositoryFolder, {recursive: true, encoding: 'utf8'}).filter((name) =>
    pattern.test(name),
  );

/** The same target, of which single calls can be replaced. */
export function wrapped(target: Target): Target {
  return {
    label: target.label,
    create: (options) => target.create(options),
    put: (name, body, options) => target.put(name, body, options),
    replace: (name, body, options) => target.replace(name, body, options),
    get: (name, range, options) => target.get(name, range, options),
    stat: (name, options) => target.stat(name, options),
    list: (prefix, options) => target.list(prefix, options),
    listFolders: (prefix, options) => target.listFolders(prefix, options),
    remove: (name, options) => target.remove(name, options),
    [Symbol.asyncDispose]: async () => {},
  };
}
