/**
 * What each backup looks at again of what earlier ones stored: whether it is there, and whether a rotating part of it has the right bytes. No
 * private key is needed. What is lost of the generation that the backup goes on in is forgotten, so that this very backup stores it again.
 */
import type {PublicKey} from 'openpgp';
import type {Catalog} from '../catalog/catalog.ts';
import type {CheckedObject} from '../catalog/self-checks.ts';
import {encryptionFingerprint} from '../repository/agent.ts';
import type {Problem} from '../repository/chain.ts';
import {type History, resolveNeeds, type SourceHistory} from '../repository/history.ts';
import {generationPrefix, packsPrefix, parseHashObject, sealObject} from '../repository/layout.ts';
import type {Repository} from '../repository/repository.ts';
import {TargetError} from '../targets/target.ts';
import {neededBy} from './prune/survey.ts';
import {type CheckPlan, planChecks, type SeenObject, type SelfCheckOptions} from './self-check-plan.ts';
import {checkObject} from './verify-ciphertext.ts';
import {type NeededObject, objectsOf, verifyStructure} from './verify-structure.ts';

export interface SelfCheckContext {
  readonly repository: Repository;
  readonly catalog: Catalog;
  readonly agents: readonly PublicKey[];
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of everything that a source's snapshots need. */
export interface StoredState {
  readonly all: {readonly objects: number; readonly bytes: number};
  /** Everything was read, or stored, since then; null before there is anything. */
  readonly allSeenSince: string | null;
  /** What is known to be damaged or missing, and is needed. */
  readonly damaged: readonly DamagedObject[];
}

/** What a backup saw of what earlier ones stored. */
export interface SelfCheck extends StoredState {
  /** What was read and compared. */
  readonly objects: number;
  readonly bytes: number;
  /** Whether it was looked up that everything is there. */
  readonly listed: boolean;
  /** Whether `allSeenSince` is much longer ago than it should be: the limit of bytes is too low. */
  readonly late: boolean;
  /** Why it was not done, or not to its end. */
  readonly error: string | null;
}

/** How much of what a lost pack held is stored in other packs by now. */
export interface Regained {
  readonly pieces: number;
  readonly of: number;
}

export interface DamagedObject extends Problem {
  /** Found by this run. */
  readonly isNew: boolean;
  /** Of a pack; null where that is not known. */
  readonly regained: Regained | null;
}

/** Looks at what the seals of `history` need. @param renew called between objects: it may take long */
export async function selfCheck(
  context: SelfCheckContext,
  history: SourceHistory,
  options: SelfCheckOptions,
  renew: () => Promise<void> = async () => {},
): Promise<SelfCheck> {
  const {catalog, repository, now, signal} = context;
  const {target} = repository;
  const {source} = history;
  const needed = neededNow(history, context.agents);
  const before = new Map(catalog.selfChecks.checked(target.label, source).map((row) => [row.object, row]));
  const seen = (): SeenObject[] =>
    [...needed.values()].map(({object, since}) => {
      const {at = since, problem = null} = before.get(object.name) ?? {};
      return {object, at, problem};
    });
  const plan = planChecks(seen(), catalog.selfChecks.state(target.label, source), now().getTime(), options);
  const note = (row: CheckedObject): void => {
    before.set(row.object, row);
    catalog.transaction(() => catalog.selfChecks.note(target.label, source, row));
  };
  let listed = false;
  let error: string | null = null;
  const done = {objects: 0, bytes: 0};
  const found = new Set<string>();
  const settle = async (object: NeededObject, problem: string | undefined): Promise<void> => {
    const was = before.get(object.name)?.problem ?? null;
    if (problem !== undefined && (await isGone(context, history, object))) return;
    if (problem !== undefined && was === null) found.add(object.name);
    note({object: object.name, at: now().getTime(), problem: problem ?? null});
  };
  try {
    if (plan.list) {
      const objects = [...needed.values()].map(({object}) => object);
      const {problems} = await verifyStructure(context, history, objects);
      for (const {object, problem} of problems)
        await settle(needed.get(object)?.object as NeededObject, problem);
      listed = true;
    }
    for (const object of plan.read) {
      signal?.throwIfAborted();
      if (found.has(object.name)) continue;
      await settle(object, await checkObject(context, object));
      done.objects += 1;
      done.bytes += object.size;
      await renew();
    }
    keepState(context, source, plan, done.bytes, listed);
  } catch (thrown) {
    signal?.throwIfAborted();
    // A backup is worth more than a look at earlier ones.
    if (!(thrown instanceof TargetError)) throw thrown;
    error = `what earlier backups stored could not be looked at: ${thrown.message}`;
  }
  const gone = [...before.keys()].filter((name) => !needed.has(name));
  catalog.transaction(() => {
    for (const name of gone) catalog.selfChecks.forget(target.label, source, name);
  });
  const state = stateOf(context, history, needed);
  return {
    ...done,
    listed,
    late: now().getTime() - Date.parse(state.allSeenSince ?? now().toISOString()) > LATE * options.everyMs,
    ...state,
    damaged: state.damaged.map((damaged) => ({...damaged, isNew: found.has(damaged.object)})),
    error,
  };
}

/** So many times as long as it should be, the last look at something may be ago. */
const LATE = 1.5;

/** What earlier backups of this machine saw. */
export function storedState(
  context: Pick<SelfCheckContext, 'repository' | 'catalog' | 'agents'>,
  history: SourceHistory,
): StoredState {
  return stateOf(context, history, neededNow(history, context.agents));
}

function stateOf(
  {catalog, repository: {target}}: Pick<SelfCheckContext, 'repository' | 'catalog'>,
  history: SourceHistory,
  needed: ReadonlyMap<string, Needed>,
): StoredState {
  const rows = new Map(
    catalog.selfChecks.checked(target.label, history.source).map((row) => [row.object, row]),
  );
  let bytes = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const {object, since} of needed.values()) {
    bytes += object.size;
    oldest = Math.min(oldest, rows.get(object.name)?.at ?? since);
  }
  return {
    all: {objects: needed.size, bytes},
    allSeenSince: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
    damaged: damagedAmong(history, needed, rows).map((problem) => ({
      ...problem,
      isNew: false,
      regained: regainedOf(catalog, history.source, problem),
    })),
  };
}

/** What earlier runs of this machine know to be damaged, and is still needed. */
export function knownDamage(
  {repository: {target}, catalog, agents}: Pick<SelfCheckContext, 'repository' | 'catalog' | 'agents'>,
  history: SourceHistory,
): Problem[] {
  const rows = catalog.selfChecks.damaged(target.label, history.source);
  if (rows.length === 0) return [];
  return damagedAmong(history, neededNow(history, agents), new Map(rows.map((row) => [row.object, row])));
}

/** Takes note of what `verify` found, so that the next backup stores it again. */
export function rememberDamage(
  {repository: {target}, catalog, agents, now}: SelfCheckContext,
  {sources}: History,
  problems: readonly Problem[],
): void {
  const at = now().getTime();
  for (const history of problems.length > 0 ? sources : []) {
    const needed = neededNow(history, agents);
    catalog.transaction(() => {
      for (const {object, problem} of problems)
        if (needed.has(object)) catalog.selfChecks.note(target.label, history.source, {object, at, problem});
    });
  }
}

interface Needed {
  readonly object: NeededObject;
  /** When it was known to be stored: the time of the first seal that names it. */
  readonly since: number;
}

/** Everything that the seals need, by name: what each adds to the seal that it builds on, so that this stays fast with many seals. */
function neededNow(history: SourceHistory, agents: readonly PublicKey[]): Map<string, Needed> {
  const {seals, marks} = history;
  const agentSubkeys = agents.map(encryptionFingerprint);
  const needed = new Map<string, Needed>();
  for (const seal of seals) {
    const since = Date.parse(seal.finished);
    for (const object of objectsOf(seal, seal.needs, agentSubkeys))
      if (!needed.has(object.name)) needed.set(object.name, {object: {...object, affects: []}, since});
  }
  if (marks.repacks.all.length === 0) return needed;
  for (const {created, repacked = []} of marks.all)
    for (const repack of repacked) {
      const seal = seals.find(({snapshot}) => repack.snapshots.includes(snapshot.id));
      if (seal === undefined) continue;
      for (const object of objectsOf(seal, repack, agentSubkeys))
        if (!needed.has(object.name))
          needed.set(object.name, {object: {...object, affects: []}, since: Date.parse(created)});
    }
  // What other packs stand in for may be gone.
  const names = neededBy(history, seals).needed;
  for (const name of needed.keys()) if (!names.has(name)) needed.delete(name);
  return needed;
}

function damagedAmong(
  history: SourceHistory,
  needed: ReadonlyMap<string, Needed>,
  rows: ReadonlyMap<string, CheckedObject>,
): Problem[] {
  return [...rows.values()].flatMap(({object: name, problem}) => {
    const object = needed.get(name)?.object;
    return problem === null || object === undefined
      ? []
      : [{object: name, problem, affects: affectedBy(history, object)}];
  });
}

/** Whether all that it held is stored again elsewhere. */
export function isMended({regained}: DamagedObject): boolean {
  return regained !== null && regained.pieces === regained.of;
}

/** What became of what a damaged object held; null where it is no pack, or none that this catalog has relied on. */
export function regainedOf(catalog: Catalog, source: string, {object}: Problem): Regained | null {
  const [, name = ''] = object.split('/');
  const generation = catalog.generations.find(source, name);
  const place = {source, generation: name};
  const pack = object.startsWith(generationPrefix(place))
    ? parseHashObject(packsPrefix(place), object)
    : undefined;
  if (generation === undefined || pack === undefined) return null;
  const {lost, regained} = catalog.blobs.regained(generation.id, pack);
  return lost === 0 ? null : {pieces: regained, of: lost};
}

/** Ids of the snapshots that need the object. */
export function affectedBy(history: SourceHistory, object: NeededObject): string[] {
  return history.seals.flatMap((seal) => {
    if (seal.generation !== object.generation) return [];
    if (object.kind === 'secret') return [seal.snapshot.id];
    if (object.kind === 'snapshot') return object.name.includes(seal.snapshot.id) ? [seal.snapshot.id] : [];
    const needs = resolveNeeds(history, seal);
    const isNeeded = needs?.packs.has(object.hash) === true || needs?.index.has(object.hash) === true;
    return isNeeded ? [seal.snapshot.id] : [];
  });
}

/** Whether whoever prunes has removed the object meanwhile, with all seals that need it: those go first. */
async function isGone(
  {repository: {target}, signal}: SelfCheckContext,
  history: SourceHistory,
  object: NeededObject,
): Promise<boolean> {
  const affected = new Set(affectedBy(history, object));
  for (const seal of history.seals) {
    if (!affected.has(seal.snapshot.id)) continue;
    const name = sealObject(seal, seal.sequence, seal.snapshot.id);
    if ((await target.stat(name, {signal})) !== undefined) return false;
  }
  return true;
}

function keepState(
  {catalog, repository: {target}, now}: SelfCheckContext,
  source: string,
  plan: CheckPlan,
  bytes: number,
  listed: boolean,
): void {
  const state = {
    since: plan.sinceAfter(bytes),
    listed: listed ? now().getTime() : plan.listedBefore,
  };
  catalog.transaction(() => catalog.selfChecks.setState(target.label, source, state));
}
