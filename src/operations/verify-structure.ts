import type {PublicKey} from 'openpgp';
import {encryptionFingerprint} from '../repository/agent.ts';
import type {Problem} from '../repository/chain.ts';
import {packMd5s, resolveNeeds, type SourceHistory} from '../repository/history.ts';
import {
  generationPrefix,
  indexObject,
  inGeneration,
  packObject,
  sealObject,
  sealsPrefix,
  snapshotObject,
} from '../repository/layout.ts';
import type {CheckedSeal, SizedName} from '../repository/seal.ts';
import type {VerifyContext} from './verify.ts';

/** An object that at least one seal needs. */
export interface NeededObject {
  readonly name: string;
  readonly kind: 'pack' | 'index' | 'snapshot' | 'secret';
  readonly size: number;
  readonly sha256: string;
  /** Of packs whose seal knows it. */
  readonly md5?: string | undefined;
  /**
   * Whom it must be encrypted to, and nobody else: one of the fingerprints in each list. Undefined for the secrets, whose recipients
   * only the machine that backs up knows.
   */
  readonly encryptedTo: readonly (readonly string[])[] | undefined;
  /** The hash of a pack or index object. */
  readonly hash: string;
  readonly generation: string;
  readonly source: string;
  /** Ids of the snapshots that need it. */
  readonly affects: string[];
}

/** Everything that these seals need, each object once. What cannot be resolved goes to `problems`. */
export function neededObjects(
  history: SourceHistory,
  seals: readonly CheckedSeal[],
  agents: readonly PublicKey[],
  problems: Problem[],
): NeededObject[] {
  const md5s = packMd5s(history.seals);
  const agentSubkeys = agents.map(encryptionFingerprint);
  const objects = new Map<string, NeededObject>();
  const need = (object: Omit<NeededObject, 'affects'>, snapshot: string): void => {
    const known = objects.get(object.name);
    if (known === undefined) objects.set(object.name, {...object, affects: [snapshot]});
    else known.affects.push(snapshot);
  };
  for (const seal of seals) {
    const needs = resolveNeeds(history, seal);
    if (needs === undefined)
      problems.push({
        object: sealObject(seal, seal.sequence, seal.snapshot.id),
        problem: 'a seal that it builds on is missing, so what it needs is not known',
        affects: [seal.snapshot.id],
      });
    for (const object of objectsOf(seal, needs ?? {packs: [], index: []}, agentSubkeys))
      need({...object, md5: md5s.get(object.hash)}, seal.snapshot.id);
  }
  return [...objects.values()];
}

/** What must be stored for a seal besides itself: these packs and index objects, its snapshot and its secrets. */
export function* objectsOf(
  seal: CheckedSeal,
  {packs, index}: {packs: Iterable<SizedName>; index: Iterable<SizedName>},
  agentSubkeys: readonly string[],
): Generator<Omit<NeededObject, 'affects'>> {
  const {snapshot, secrets, generation, source, generationKey} = seal;
  const common = {generation, source};
  yield {
    ...common,
    name: snapshotObject(seal, snapshot.id),
    kind: 'snapshot',
    size: snapshot.size,
    sha256: snapshot.sha256,
    hash: '',
    encryptedTo: [[generationKey]],
  };
  for (const {name, size, sha256} of secrets)
    yield {
      ...common,
      name: inGeneration(seal, name),
      kind: 'secret',
      size,
      sha256,
      hash: '',
      encryptedTo: undefined,
    };
  const named = (hash: string, size: number) => ({...common, size, sha256: hash, hash});
  for (const [hash, size] of packs)
    yield {...named(hash, size), name: packObject(seal, hash), kind: 'pack', encryptedTo: [[generationKey]]};
  for (const [hash, size] of index)
    yield {
      ...named(hash, size),
      name: indexObject(seal, hash),
      kind: 'index',
      encryptedTo: [[generationKey], agentSubkeys],
    };
}

export interface Leftover {
  readonly name: string;
  readonly generation: string;
}

export interface Structure {
  readonly problems: readonly Problem[];
  /** Names of objects that are missing or of another size. */
  readonly bad: ReadonlySet<string>;
  /** Objects in the source's generations that no seal needs. */
  readonly leftovers: readonly Leftover[];
  /** How many of those are snapshot objects. */
  readonly unsealed: number;
  /** Objects that a prune marked, and that wait to be swept. */
  readonly marked: number;
}

/** Looks every needed object up, by listing, and directly where a listing does not have it. */
export async function verifyStructure(
  {repository: {target}, signal}: VerifyContext,
  history: SourceHistory,
  needed: readonly NeededObject[],
): Promise<Structure> {
  const problems: Problem[] = [];
  const bad = new Set<string>();
  const leftovers: Leftover[] = [];
  let unsealed = 0;
  let marked = 0;
  for (const generation of new Set([...history.generations, ...needed.map((object) => object.generation)])) {
    const prefix = generationPrefix({source: history.source, generation});
    const expected = new Map(
      needed.filter((object) => object.generation === generation).map((object) => [object.name, object]),
    );
    const sizes = new Map<string, number>();
    for await (const {name, sizeBytes} of target.list(prefix, {signal})) {
      if (expected.has(name)) sizes.set(name, sizeBytes);
      else if (isMarked(history, generation, name)) marked++;
      else if (!name.startsWith(`${prefix}seals/`)) {
        leftovers.push({name, generation});
        if (name.startsWith(`${prefix}snapshots/`)) unsealed++;
      }
    }
    for (const object of expected.values()) {
      const size = sizes.get(object.name) ?? (await target.stat(object.name, {signal}))?.sizeBytes;
      if (size === object.size) continue;
      bad.add(object.name);
      const problem = size === undefined ? 'it is missing' : `it has ${size} bytes instead of ${object.size}`;
      problems.push({object: object.name, problem, affects: object.affects});
    }
  }
  return {problems, bad, leftovers, unsealed, marked};
}

function isMarked({source, marks}: SourceHistory, generation: string, object: string): boolean {
  const name = /([^/]+)\.pgp$/.exec(object)?.[1];
  if (name === undefined || object.startsWith(sealsPrefix({source, generation}))) return false;
  return marks.isMarked(generation, name);
}
