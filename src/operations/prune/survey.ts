/** What is stored of a source, and which of it the snapshots need that stay: seals and listings tell, no key is needed. */
import {lineOf, resolveNeeds, type SourceHistory} from '../../repository/history.ts';
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
import type {CheckedSeal} from '../../repository/seal.ts';
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

function kindOf(place: GenerationPlace, name: string): Pick<StoredObject, 'kind' | 'key'> {
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

/** Names of all that these seals need, with the seals that they build on. Those whose needs cannot be told stand in `unclear`. */
export function neededBy(
  history: SourceHistory,
  seals: readonly CheckedSeal[],
): {needed: Set<string>; unclear: CheckedSeal[]} {
  const needed = new Set<string>();
  const unclear: CheckedSeal[] = [];
  // Seals of one line name each pack once: what was added for one of them need not be added for the next.
  const added = new Set<CheckedSeal>();
  const add = (seal: CheckedSeal, packs: Iterable<string>, index: Iterable<string>): void => {
    for (const hash of packs) needed.add(packObject(seal, hash));
    for (const hash of index) needed.add(indexObject(seal, hash));
  };
  for (const seal of seals) {
    const line = lineOf(history, seal);
    if (line === undefined) {
      unclear.push(seal);
      continue;
    }
    needed.add(snapshotObject(seal, seal.snapshot.id));
    for (const {name} of seal.secrets) needed.add(generationPrefix(seal) + name);
    for (const one of line) needed.add(sealObject(one, one.sequence, one.snapshot.id));
    if (line.some(({needs}) => needs.dropped.length > 0)) {
      const needs = resolveNeeds(history, seal);
      add(seal, needs?.packs.keys() ?? [], needs?.index.keys() ?? []);
      continue;
    }
    for (const one of line) {
      if (added.has(one)) break; // And with it all that it builds on.
      added.add(one);
      add(
        one,
        one.needs.packs.map(([hash]) => hash),
        one.needs.index.map(([hash]) => hash),
      );
    }
  }
  return {needed, unclear};
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
    if (line === undefined || (await this.#missingOf(line)).size > 0) return false;
    const others: [string, number][] = [
      [snapshotObject(seal, seal.snapshot.id), seal.snapshot.size],
      ...seal.secrets.map(({name, size}): [string, number] => [generationPrefix(seal) + name, size]),
    ];
    for (const [name, size] of others) if (!(await this.#isThere(seal.generation, name, size))) return false;
    return true;
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
