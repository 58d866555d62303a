/** Verifies a repository: its structure, its bytes, and with the key its content (docs/threat-model.md says what each level finds). */
import type {PublicKey} from 'openpgp';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import type {Problem} from '../repository/chain.ts';
import type {History, SourceHistory} from '../repository/history.ts';
import type {Repository} from '../repository/repository.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {useLittleMemory} from '../system/memory.ts';
import type {OnProgress} from './progress.ts';
import {believedObjects, verifyCiphertext} from './verify-ciphertext.ts';
import {FILES_AFFECTED, verifyContent} from './verify-content.ts';
import {verifyKit} from './verify-kit.ts';
import {verifyLeftovers} from './verify-leftovers.ts';
import {type NeededObject, neededObjects, verifyStructure} from './verify-structure.ts';

export type VerifyLevel = 'structure' | 'ciphertext' | 'content';

export interface VerifyContext {
  readonly repository: Repository;
  readonly agents: readonly PublicKey[];
  /** Needed for the content. */
  readonly key?: RecipientKey | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface VerifyOptions {
  readonly level: VerifyLevel;
  /** Only this snapshot. */
  readonly seal?: CheckedSeal | undefined;
  /** Which share of the packs is read, from 0 to 1; everything by default. */
  readonly sample?: number | undefined;
  /** At the level of ciphertext: what the store keeps a right checksum of is not read. It finds what rotted, not a store that lies. */
  readonly storeChecksums?: boolean | undefined;
}

export interface VerifyResult {
  readonly level: VerifyLevel;
  readonly ok: boolean;
  readonly snapshots: number;
  readonly packs: number;
  /** Bytes that were read, or at the level of structure looked up. */
  readonly bytes: number;
  /** Objects that were not read, since the store keeps their right checksum: its word was taken for it. */
  readonly byStore: {readonly objects: number; readonly bytes: number};
  readonly problems: readonly Problem[];
  /** Objects that no seal needs: of unfinished runs, which the next one resumes. No fault. */
  readonly unfinished: number;
  /** How many of those are snapshot objects: their seal was never written, or was removed. */
  readonly unsealed: number;
  /** Objects of snapshots that were pruned, which the next prune sweeps. */
  readonly marked: number;
}

/**
 * Where everything was removed, nothing is wrong with what is left: who expects that something can be restored takes that for a problem.
 * @param place where the repository is
 */
export function demandingSnapshots(result: VerifyResult, place: string): VerifyResult {
  if (result.snapshots > 0 || !result.ok) return result;
  const problem = 'no snapshot is there, so nothing was verified';
  return {...result, ok: false, problems: [{object: place, problem, affects: []}]};
}

export async function verify(
  context: VerifyContext,
  history: History,
  options: VerifyOptions,
): Promise<VerifyResult> {
  useLittleMemory('unpack');
  const {level, seal, sample = 1, storeChecksums = false} = options;
  const chosen = history.sources
    .filter(({source}) => seal === undefined || source === seal.source)
    .map((source) => ({source, seals: seal === undefined ? source.seals : [seal]}));
  const problems: Problem[] = [];
  if (seal === undefined) problems.push(...history.problems);
  problems.push(...(await verifyKit(context)));
  const needed: NeededObject[] = [];
  const bad = new Set<string>();
  let unfinished = 0;
  let unsealed = 0;
  let marked = 0;
  for (const {source, seals} of chosen) {
    const objects = neededObjects(source, seals, context.agents, problems);
    const structure = await verifyStructure(context, source, objects);
    problems.push(...structure.problems);
    if (seal === undefined) {
      unfinished += structure.leftovers.length;
      unsealed += structure.unsealed;
      marked += structure.marked;
      const looked = level === 'structure' ? [] : structure.leftovers.filter(() => Math.random() < sample);
      problems.push(...(await verifyLeftovers(context, source, looked)));
    }
    for (const name of structure.bad) bad.add(name);
    needed.push(...objects.filter((object) => !structure.bad.has(object.name)));
  }
  const packs = needed.filter((object) => object.kind === 'pack');
  let bytes = needed.reduce((sum, object) => sum + object.size, 0);
  let packCount = packs.length;
  const byStore = {objects: 0, bytes: 0};
  if (level !== 'structure') {
    const believed =
      storeChecksums && level === 'ciphertext'
        ? await believedObjects(context, needed)
        : new Set<NeededObject>();
    for (const {size} of believed) {
      byStore.objects += 1;
      byStore.bytes += size;
    }
    const sampled = needed.filter(
      (object) => !believed.has(object) && (object.kind !== 'pack' || Math.random() < sample),
    );
    packCount = sampled.filter((object) => object.kind === 'pack').length;
    bytes = sampled.reduce((sum, object) => sum + object.size, 0);
    const found =
      level === 'ciphertext'
        ? await verifyCiphertext(context, sampled)
        : await verifyContent(context, chosen, sampled, bad);
    // What the structure shows already is not told again in other words; which files it affects, is.
    problems.push(...found.filter(({object, problem}) => !bad.has(object) || problem === FILES_AFFECTED));
  }
  const snapshots = chosen.reduce((sum, {seals}) => sum + seals.length, 0);
  return {
    level,
    ok: problems.length === 0,
    snapshots,
    packs: packCount,
    bytes,
    byStore,
    problems: merged(problems),
    unfinished,
    unsealed,
    marked,
  };
}

/** One problem of one object is told once, with everything that it affects. */
function merged(problems: readonly Problem[]): Problem[] {
  const byText = new Map<string, Problem>();
  for (const problem of problems) {
    const key = `${problem.object}\0${problem.problem}`;
    const before = byText.get(key);
    byText.set(
      key,
      before === undefined
        ? problem
        : {...before, affects: [...new Set([...before.affects, ...problem.affects])]},
    );
  }
  return [...byText.values()];
}

export type ChosenSource = {readonly source: SourceHistory; readonly seals: readonly CheckedSeal[]};
