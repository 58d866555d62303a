/**
 * Copies a repository to another place: what is missing there of what the seals count on, checked against them while it passes, and then
 * the seals; then drill reports. Nothing is overwritten, nothing removed. Killed at any moment, the copy holds whole snapshots; the next run goes on.
 */
import type {PublicKey} from 'openpgp';
import pMap from 'p-map';
import {DamageError, NoRepositoryError} from '../errors.ts';
import {enrolAgent} from '../repository/agents.ts';
import type {Problem} from '../repository/chain.ts';
import type {History, SourceHistory} from '../repository/history.ts';
import {kitFiles} from '../repository/kit.ts';
import {generationPrefix, parseSealObject, sealObject, sealsPrefix} from '../repository/layout.ts';
import {readMarks} from '../repository/marks.ts';
import {findRepository, putMarker, type Repository} from '../repository/repository.ts';
import {type CheckedSeal, readSeal, SEAL_MOST_BYTES} from '../repository/seal.ts';
import type {TrustFile} from '../repository/trust.ts';
import {readObject} from '../targets/read.ts';
import {ObjectExistsError, ObjectMissingError, type Target} from '../targets/target.ts';
import type {OnProgress} from './progress.ts';
import {puts} from './puts.ts';
import {copyDrills} from './replicate-drills.ts';
import {copyMarks, sealsFor} from './replicate-marks.ts';
import {copyPins} from './replicate-pins.ts';
import {MOST_BYTES, wrongBytes} from './verify-ciphertext.ts';
import {type NeededObject, neededObjects} from './verify-structure.ts';

export interface ReplicateContext {
  readonly repository: Repository;
  /** Whose seals count. */
  readonly agents: readonly PublicKey[];
  /** Knows whose marks count. */
  readonly trust: TrustFile;
  /** Objects on their way at once. */
  readonly concurrency: number;
  /** Makes the bucket or container of the copy, too, if it is not there. */
  readonly createContainer?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface ReplicateResult {
  /** That were copied. */
  readonly objects: number;
  readonly bytes: number;
  /** Whose seals were copied. */
  readonly snapshots: number;
  /** Objects that the copy had already. */
  readonly present: number;
  readonly problems: readonly Problem[];
}

export type CopyCounts = {
  objects: number;
  bytes: number;
  snapshots: number;
  present: number;
  problems: Problem[];
};

/**
 * @throws {@link NoRepositoryError} where `to` holds another repository
 * @throws {@link TargetError} of either side; what was copied until then stays
 */
export async function replicate(
  context: ReplicateContext,
  history: History,
  to: Target,
): Promise<ReplicateResult> {
  const counts = newCounts();
  counts.problems.push(...history.problems);
  await prepareCopy(context, to);
  for (const source of history.sources) await copySource(context, source, to, counts);
  const signed = [await copyDrills(context.repository, to, context.signal)];
  for (const {source} of history.sources)
    signed.push(await copyPins(context.repository, source, to, context.signal));
  for (const {objects, bytes, present, problems} of signed) {
    counts.objects += objects;
    counts.bytes += bytes;
    counts.present += present;
    counts.problems.push(...problems);
  }
  return counts;
}

export function newCounts(): CopyCounts {
  return {objects: 0, bytes: 0, snapshots: 0, present: 0, problems: []};
}

/**
 * Copies what the copy lacks of one source.
 * @param which the seals whose objects are looked for: all, or only those of seals that the copy lacks
 * @throws {@link TargetError} of either side
 */
export async function copySource(
  context: ReplicateContext,
  source: SourceHistory,
  to: Target,
  counts: CopyCounts,
  which: 'all' | 'new' = 'all',
): Promise<void> {
  const {repository, trust, signal} = context;
  const there = new Set<string>();
  for (const generation of source.generations)
    for await (const {name} of to.list(sealsPrefix({...source, generation}), {signal})) there.add(name);
  const inCopy = await readMarks({...repository, target: to}, source.source, trust);
  const wanted = sealsFor(source, inCopy);
  const visible = wanted.filter(({sequence}) => !source.marks.isRemoved(sequence));
  const seals = which === 'all' ? visible : visible.filter((seal) => !there.has(nameOf(seal)));
  const problems = await copyNeeded(context, source, seals, to, counts);
  counts.problems.push(...problems);
  const broken = new Set(problems.flatMap(({affects}) => affects));
  counts.objects += await copyMarks(repository.target, to, source, {
    there: new Set([...there].flatMap((name) => sequenceOf(source, name) ?? [])),
    inCopy,
    signal,
  });
  await copySeals(context, source, wanted, to, counts, {there, broken});
}

/** Of a seal's object name; undefined if it is none. */
function sequenceOf({source, generations}: SourceHistory, name: string): number | undefined {
  const generation = generations.find((one) => name.startsWith(sealsPrefix({source, generation: one})));
  return generation === undefined ? undefined : parseSealObject({source, generation}, name)?.sequence;
}

function nameOf(seal: CheckedSeal): string {
  return sealObject(seal, seal.sequence, seal.snapshot.id);
}

/**
 * Makes a place a copy: the marker, the agents' keys, and the emergency kit: that of this program, not what somebody may have put there.
 * @throws {@link NoRepositoryError} where another repository is there
 */
export async function prepareCopy(
  {
    repository,
    agents,
    createContainer = false,
    signal,
  }: Pick<ReplicateContext, 'repository' | 'agents' | 'createContainer' | 'signal'>,
  to: Target,
): Promise<void> {
  const copy = {...repository, target: to};
  await to.create({container: createContainer, signal});
  const found = await findRepository(to);
  if (found !== undefined && found.id !== repository.id) {
    throw new NoRepositoryError(
      `${to.label} holds another repository (${found.id}), not a copy of ${repository.id}.`,
      {
        hint: 'Name an empty place, or the copy of this repository.',
      },
    );
  }
  if (found === undefined) await unlessThere(() => putMarker(copy));
  for (const key of agents) await unlessThere(() => enrolAgent(copy, key));
  for (const {name, content} of kitFiles()) await unlessThere(() => to.put(name, content));
}

/** Copies what the seals of a source need. @returns what could not be copied, since it is damaged on one side */
async function copyNeeded(
  context: ReplicateContext,
  source: SourceHistory,
  seals: readonly CheckedSeal[],
  to: Target,
  counts: CopyCounts,
): Promise<Problem[]> {
  const {repository, agents, concurrency, signal, onProgress} = context;
  const problems: Problem[] = [];
  const needed = neededObjects(source, seals, agents, problems);
  const sizes = new Map<string, number>();
  for (const generation of new Set(needed.map((object) => object.generation))) {
    const prefix = generationPrefix({...source, generation});
    for await (const {name, sizeBytes} of to.list(prefix, {signal})) sizes.set(name, sizeBytes);
  }
  const complain = ({name, affects}: NeededObject, problem: string): void => {
    problems.push({object: name, problem, affects});
  };
  const missing = needed.filter((object) => {
    const size = sizes.get(object.name);
    if (size === undefined) return true;
    if (size === object.size) counts.present += 1;
    else complain(object, `in ${to.label} it has ${size} bytes instead of ${object.size}`);
    return false;
  });
  const total = missing.reduce((sum, {size}) => sum + size, 0);
  let bytes = 0;
  let files = 0;
  await pMap(
    missing,
    async (object) => {
      signal?.throwIfAborted();
      const body = await readChecked(repository.target, object, signal);
      if (typeof body === 'string') complain(object, body);
      else if (await puts(to, object.name, body, signal)) {
        counts.objects += 1;
        counts.bytes += body.length;
      } else complain(object, `in ${to.label} there is something else under its name`);
      bytes += object.size;
      onProgress?.({
        phase: 'replicate',
        files: {done: ++files, total: missing.length},
        bytes: {done: bytes, total},
        current: object.name,
      });
    },
    {concurrency},
  );
  return problems;
}

/**
 * The seals, oldest first, so that each finds there what it builds on. Not those of snapshots whose objects are damaged, nor what builds
 * on them: a seal is a promise.
 *
 * @param there names of the seals that the copy has
 * @param broken ids of snapshots that would not restore from the copy
 */
async function copySeals(
  {repository: {target}, agents, signal}: ReplicateContext,
  history: SourceHistory,
  seals: readonly CheckedSeal[],
  to: Target,
  counts: CopyCounts,
  {there, broken}: {there: ReadonlySet<string>; broken: ReadonlySet<string>},
): Promise<void> {
  const withheld = new Set<string>();
  for (const seal of seals) {
    signal?.throwIfAborted();
    const name = nameOf(seal);
    if (there.has(name)) {
      counts.present += 1;
    } else if (broken.has(seal.snapshot.id) || (seal.needs.base !== null && withheld.has(seal.needs.base))) {
      withheld.add(seal.hash);
    } else {
      const body = await readSealObject(target, name, seal, agents, signal);
      if (await puts(to, name, body, signal)) {
        counts.objects += 1;
        counts.bytes += body.length;
        if (!history.marks.isRemoved(seal.sequence)) counts.snapshots += 1;
      } else {
        const problem = `in ${to.label} there is something else under its name`;
        counts.problems.push({object: name, problem, affects: [seal.snapshot.id]});
      }
    }
  }
  for (const name of there) {
    if (history.sealNames.has(name) || history.marks.isRemoved(sequenceOf(history, name) ?? 0)) continue;
    const problem = `${to.label} has this seal, and the repository has not: it was removed here, or never made here`;
    counts.problems.push({object: name, problem, affects: []});
  }
}

/** The object as the seals say that it is, or what is wrong with it. Wrong bytes are read a second time before they count. */
async function readChecked(
  target: Target,
  object: NeededObject,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | string> {
  if (object.size > MOST_BYTES[object.kind])
    return `it has ${object.size} bytes, more than any that Holdfast writes`;
  for (let attempt = 1; ; attempt++) {
    let problem: string | undefined;
    try {
      const bytes = await readObject(target, object.name, {maxBytes: object.size, signal});
      problem = wrongBytes(bytes, object);
      if (problem === undefined) return bytes;
    } catch (error) {
      if (error instanceof ObjectMissingError) return 'it is missing';
      if (!(error instanceof DamageError)) throw error;
      problem = 'it is larger than the seal says';
    }
    if (attempt === 2) return problem;
  }
}

/** The bytes of a seal that was checked before, checked again: they were read anew. */
async function readSealObject(
  target: Target,
  name: string,
  {hash}: CheckedSeal,
  agents: readonly PublicKey[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const body = await readObject(target, name, {maxBytes: SEAL_MOST_BYTES, signal});
  const {hash: found} = await readSeal(body, agents);
  if (found === hash) return body;
  throw new DamageError(name, 'it changed while the repository was copied');
}

async function unlessThere(put: () => Promise<void>): Promise<void> {
  try {
    await put();
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
  }
}
