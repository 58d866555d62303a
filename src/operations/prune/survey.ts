/** What is stored of a source, and which of it the snapshots need that stay: seals and listings tell, no key is needed. */
import {lineOf, type SourceHistory, statedNeeds} from '../../repository/history.ts';
import {
  type GenerationPlace,
  generationPrefix,
  indexObject,
  indexPrefix,
  packObject,
  packsPrefix,
  parseHashObject,
  sealObject,
  snapshotObject,
} from '../../repository/layout.ts';
import {applyRepacks, type NeededNames, type Repack} from '../../repository/repack.ts';
import type {CheckedSeal, SizedName} from '../../repository/seal.ts';
import type {CallOptions, ObjectInfo, Target} from '../../targets/target.ts';

export type ObjectKind = 'pack' | 'index' | 'snapshot' | 'seal' | 'secret' | 'other';

export interface StoredObject extends ObjectInfo {
  readonly kind: ObjectKind;
  /** How a mark names it: the hash of a pack or index object, the id of a snapshot; else empty. */
  readonly key: string;
}

/** Everything below one generation, by object name. */
export type StoredGeneration = ReadonlyMap<string, StoredObject>;
export type Stored = ReadonlyMap<string, StoredGeneration>;

export async function listStored(
  target: Target,
  {source, generations}: Pick<SourceHistory, 'source' | 'generations'>,
  {signal}: CallOptions,
): Promise<Stored> {
  const stored = new Map<string, StoredGeneration>();
  for (const generation of generations)
    stored.set(generation, await listGeneration(target, {source, generation}, {signal}));
  return stored;
}

export async function listGeneration(
  target: Target,
  place: GenerationPlace,
  {signal}: CallOptions,
): Promise<StoredGeneration> {
  const objects = new Map<string, StoredObject>();
  for await (const info of target.list(generationPrefix(place), {signal}))
    objects.set(info.name, {...info, ...kindOf(place, info.name)});
  return objects;
}

export function kindOf(place: GenerationPlace, name: string): Pick<StoredObject, 'kind' | 'key'> {
  const pack = parseHashObject(packsPrefix(place), name);
  if (pack !== undefined) return {kind: 'pack', key: pack};
  const index = parseHashObject(indexPrefix(place), name);
  if (index !== undefined) return {kind: 'index', key: index};
  const rest = name.slice(generationPrefix(place).length);
  const snapshot = /^snapshots\/([0-9a-f]{16})\.pgp$/.exec(rest)?.[1];
  if (snapshot !== undefined) return {kind: 'snapshot', key: snapshot};
  if (rest.startsWith('seals/')) return {kind: 'seal', key: ''};
  return {kind: /^(?:generation(?:-\d+)?|agent)\.pgp$/.test(rest) ? 'secret' : 'other', key: ''};
}

/** What seals need, by object name. */
export interface NeededObjects {
  readonly needed: Set<string>;
  /** Those of them that the newest seal names and no snapshot needs: packs with others in their place, until the next seal names those. */
  readonly named: Set<string>;
  /** Seals whose needs cannot be told. */
  readonly unclear: CheckedSeal[];
}

/**
 * Names of all that these seals need, with the seals that they build on.
 * @param isUsable whether what stands in for other packs is all there; by default it is
 */
export function neededBy(
  history: SourceHistory,
  seals: readonly CheckedSeal[],
  isUsable: (repack: Repack) => boolean = () => true,
): NeededObjects {
  const needed = new Set<string>();
  const unclear: CheckedSeal[] = [];
  for (const {repacks, members} of byRepacks(history, seals, isUsable)) {
    const union: NeededNames = {packs: new Map(), index: new Map()};
    // Seals of one line name each pack once: what was added for one of them need not be added for the next.
    const added = new Set<CheckedSeal>();
    for (const seal of members) {
      const line = lineOf(history, seal);
      if (line === undefined) {
        unclear.push(seal);
        continue;
      }
      needed.add(snapshotObject(seal, seal.snapshot.id));
      for (const {name} of seal.secrets) needed.add(generationPrefix(seal) + name);
      for (const one of line) needed.add(sealObject(one, one.sequence, one.snapshot.id));
      if (line.some(({needs}) => needs.dropped.length > 0)) {
        const stated = statedNeeds(history, seal);
        if (stated !== undefined) addNames(union, stated);
        continue;
      }
      for (const one of line) {
        if (added.has(one)) break; // And with it all that it builds on.
        added.add(one);
        addNames(union, one.needs);
      }
    }
    applyRepacks(union, repacks);
    const [place] = members;
    if (place !== undefined) addObjects(needed, place, union);
  }
  // The machine that backs up counts on these until its next seal (docs/decisions/0014).
  const named = new Set<string>();
  const newest = history.seals.at(-1);
  const stated = newest === undefined ? undefined : statedNeeds(history, newest);
  if (newest !== undefined && stated !== undefined) addObjects(named, newest, stated);
  for (const name of needed) named.delete(name);
  for (const name of named) needed.add(name);
  return {needed, named, unclear};
}

/** Seals of one generation for which the same packs stand in. */
function byRepacks(
  {marks}: SourceHistory,
  seals: readonly CheckedSeal[],
  isUsable: (repack: Repack) => boolean,
): Iterable<{readonly repacks: readonly Repack[]; readonly members: CheckedSeal[]}> {
  const usable = new Map(marks.repacks.all.map((repack, at) => [repack, isUsable(repack) ? at : undefined]));
  const groups = new Map<string, {repacks: readonly Repack[]; members: CheckedSeal[]}>();
  for (const seal of seals) {
    const repacks = marks.repacks.of(seal).filter((repack) => usable.get(repack) !== undefined);
    const key = [seal.generation, ...repacks.map((repack) => usable.get(repack))].join();
    const group = groups.get(key) ?? {repacks, members: []};
    group.members.push(seal);
    groups.set(key, group);
  }
  return groups.values();
}

function addNames(
  {packs, index}: NeededNames,
  more: {packs: Iterable<SizedName>; index: Iterable<SizedName>},
): void {
  for (const [name, size] of more.packs) packs.set(name, size);
  for (const [name, size] of more.index) index.set(name, size);
}

function addObjects(names: Set<string>, place: GenerationPlace, {packs, index}: NeededNames): void {
  for (const hash of packs.keys()) names.add(packObject(place, hash));
  for (const hash of index.keys()) names.add(indexObject(place, hash));
}

/** Whether everything that stands in for other packs is stored. */
export function isStoredIn(stored: Stored, source: string): (repack: Repack) => boolean {
  return ({generation, packs, index}) => {
    const objects = stored.get(generation);
    const place = {source, generation};
    const isThere = (name: string, size: number): boolean => objects?.get(name)?.sizeBytes === size;
    return (
      packs.every(([hash, size]) => isThere(packObject(place, hash), size)) &&
      index.every(([hash, size]) => isThere(indexObject(place, hash), size))
    );
  };
}

/**
 * Tells which snapshots are whole: everything that they need is stored, with the size that the seal says. What a listing lacks is looked
 * up directly.
 */
export class Wholeness {
  readonly #target: Target;
  readonly #history: SourceHistory;
  readonly #stored: Stored;
  /** Of each seal, what is not there. */
  readonly #missing = new Map<CheckedSeal, ReadonlySet<string>>();

  constructor(target: Target, history: SourceHistory, stored: Stored) {
    this.#target = target;
    this.#history = history;
    this.#stored = stored;
  }

  async isWhole(seal: CheckedSeal): Promise<boolean> {
    const line = lineOf(this.#history, seal);
    if (line === undefined || (await this.#missingNow(seal, line)).size > 0) return false;
    const others: [string, number][] = [
      [snapshotObject(seal, seal.snapshot.id), seal.snapshot.size],
      ...seal.secrets.map(({name, size}): [string, number] => [generationPrefix(seal) + name, size]),
    ];
    for (const [name, size] of others) if (!(await this.#isThere(seal.generation, name, size))) return false;
    return true;
  }

  /** What is missing of what a seal names, less what others stand in for, and what is missing of those. */
  async #missingNow(seal: CheckedSeal, line: readonly CheckedSeal[]): Promise<ReadonlySet<string>> {
    const missing = await this.#missingOf(line);
    const repacks = this.#history.marks.repacks.of(seal);
    if (repacks.length === 0) return missing;
    const now = new Set(missing);
    for (const {replaced, packs, index} of repacks) {
      for (const hash of replaced) now.delete(hash);
      for (const [hash, size] of packs)
        if (!(await this.#isThere(seal.generation, packObject(seal, hash), size))) now.add(hash);
      for (const [hash, size] of index)
        if (!(await this.#isThere(seal.generation, indexObject(seal, hash), size))) now.add(hash);
    }
    return now;
  }

  /** Names of packs and index objects. Most seals add little to the one that they build on. */
  async #missingOf([seal, ...base]: readonly CheckedSeal[]): Promise<ReadonlySet<string>> {
    if (seal === undefined) return new Set();
    const known = this.#missing.get(seal);
    if (known !== undefined) return known;
    const missing = new Set(base.length === 0 ? [] : await this.#missingOf(base));
    for (const [hash, size] of seal.needs.packs)
      if (!(await this.#isThere(seal.generation, packObject(seal, hash), size))) missing.add(hash);
    for (const [hash, size] of seal.needs.index)
      if (!(await this.#isThere(seal.generation, indexObject(seal, hash), size))) missing.add(hash);
    for (const hash of seal.needs.dropped) missing.delete(hash);
    this.#missing.set(seal, missing);
    return missing;
  }

  async #isThere(generation: string, name: string, size: number): Promise<boolean> {
    const listed = this.#stored.get(generation)?.get(name);
    if (listed !== undefined) return listed.sizeBytes === size;
    return (await this.#target.stat(name))?.sizeBytes === size;
  }
}
