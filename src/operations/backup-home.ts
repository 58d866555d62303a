/** Chooses which of several places a source's next snapshot is made in: one that has its newest seal, so that no history forks. */
import {type HoldfastError, NoRepositoryError, TamperError} from '../errors.ts';
import {enrolAgent} from '../repository/agents.ts';
import {readSource, type SourceHistory} from '../repository/history.ts';
import {agentObject, parseSealObject, sealObject} from '../repository/layout.ts';
import {readMarks} from '../repository/marks.ts';
import {findRepository} from '../repository/repository.ts';
import type {BackupOptions} from './backup.ts';
import {type Place, type PlacesContext, type PlacesJob, targetOf} from './place.ts';
import {prepareCopy} from './replicate.ts';

/**
 * @param bringUpToDate copies from one place to another what that lacks of a source
 * @throws why no place can be used; or why the one that may have a newer seal cannot be asked
 */
export async function chooseHome(
  context: PlacesContext,
  {source, places}: PlacesJob,
  {acceptHistory = false, dryRun = false}: BackupOptions,
  bringUpToDate: (from: Place, to: Place, history: SourceHistory) => Promise<void>,
): Promise<Place> {
  const {catalog, repository, agents, trust, signal} = context;
  const usable = () => places.filter(({error}) => error === undefined);
  for (const place of usable()) await asked(place, signal, () => admit(context, place, dryRun));
  const wanted = await newestSeal(context, source.name, places);
  const holders: Place[] = [];
  for (const place of usable()) {
    await asked(place, signal, async () => {
      if (wanted !== undefined && (await has(place, wanted))) holders.push(place);
      else if (!acceptHistory) await refuseRolledBack(context, source.name, place);
    });
  }
  const [first] = places;
  const [preferred] = usable();
  // Only the first place tells whether there was a history before this machine's.
  if (preferred === undefined || (wanted === undefined && preferred !== first)) throw reasonOf(places);
  const [holder] = holders.filter(({error}) => error === undefined);
  if (holder === undefined || holder === preferred) return preferred;
  if (dryRun) return holder;
  const known = catalog.snapshots.newest(source.name)?.sequence;
  await asked(holder, signal, async () => {
    const from = {...repository, target: targetOf(holder)};
    await bringUpToDate(holder, preferred, await readSource(from, agents, source.name, trust, known));
  });
  return preferred.current.has(source.name) ? preferred : holder;
}

async function asked(
  place: Place,
  signal: AbortSignal | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    place.fail(error, signal);
  }
}

/** Makes sure that a place holds this repository: an empty one that nobody has met becomes a copy. */
async function admit(context: PlacesContext, place: Place, dryRun: boolean): Promise<void> {
  if (place.isAdmitted) return;
  const {repository, agents, signal} = context;
  const target = targetOf(place);
  const wasMet = context.wasMet(place.label);
  if (!wasMet && !dryRun) await target.create({signal});
  const found = await findRepository(target);
  if (found === undefined && wasMet) {
    throw new NoRepositoryError(
      `There is no repository at ${place.label}; ${repository.id} was there before.`,
      {
        hint: 'Check whether the disk is mounted, and whether somebody emptied the storage. To begin anew there: holdfast replicate --to.',
      },
    );
  }
  if (found !== undefined && found.id !== repository.id) {
    throw new NoRepositoryError(
      `${place.label} holds another repository (${found.id}), not ${repository.id}.`,
      {
        hint: 'Name an empty place, or a copy of this repository.',
      },
    );
  }
  if (!dryRun) {
    if (found === undefined) await prepareCopy({repository, agents, signal}, target);
    else await enrolMissing(context, target);
    context.met(place.label);
  }
  place.isAdmitted = true;
}

async function enrolMissing(
  {repository, agents, signal}: PlacesContext,
  target: ReturnType<typeof targetOf>,
): Promise<void> {
  const there = new Set<string>();
  for await (const {name} of target.list('agents/', {signal})) there.add(name);
  for (const key of agents)
    if (!there.has(agentObject(key.getFingerprint()))) await enrolAgent({...repository, target}, key);
}

/**
 * The name of the newest seal that this machine made, as far as it can tell; undefined before the first.
 * @throws the error of the place that a seal was on its way to when the last run ended, where that place cannot be asked
 */
async function newestSeal(
  {catalog, signal}: PlacesContext,
  source: string,
  places: readonly Place[],
): Promise<string | undefined> {
  const newest = catalog.snapshots.newest(source);
  const known = newest && sealObject({source, generation: newest.generation}, newest.sequence, newest.id);
  const pending = catalog.places.pendingSeal(source);
  const place = places.find(({label}) => label === pending?.place);
  if (pending === undefined || place === undefined || pending.seal === known) return known;
  let isThere = false;
  if (place.error === undefined)
    await asked(place, signal, async () => {
      isThere = await has(place, pending.seal);
    });
  if (place.error !== undefined) throw place.error;
  return isThere ? pending.seal : known;
}

async function refuseRolledBack(
  {catalog, repository, trust}: PlacesContext,
  source: string,
  place: Place,
): Promise<void> {
  const held = catalog.places.newestSeal(place.label, source);
  if (held === undefined || (await has(place, held))) return;
  // An old image of this machine remembers seals that were pruned meanwhile.
  const sequence = parseSealObject({source, generation: held.split('/')[1] ?? ''}, held)?.sequence;
  const marks = await readMarks({...repository, target: targetOf(place)}, source, trust);
  if (sequence !== undefined && marks.isRemoved(sequence)) return;
  throw new TamperError(
    `${place.label} does not have the seal ${held} any more, which this machine saw there: it was rolled back or emptied.`,
    {
      hint: 'Find out what happened to the storage; "holdfast backup --accept-history" stores there again what it lacks.',
    },
  );
}

async function has(place: Place, seal: string): Promise<boolean> {
  return (await targetOf(place).stat(seal)) !== undefined;
}

function reasonOf(places: readonly Place[]): HoldfastError {
  const error = places.find((place) => place.error !== undefined)?.error;
  if (error === undefined) throw new Error('there is no place');
  return error;
}
