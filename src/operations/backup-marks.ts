/**
 * A backup beside a prune: what is marked is not relied on, but stored again; and the last look before the seal is at the marks
 * (docs/decisions/0014).
 */
import {LockedError} from '../errors.ts';
import {type SourceHistory, statedNeeds} from '../repository/history.ts';
import {type GenerationPlace, marksPrefix, sha256} from '../repository/layout.ts';
import {readMarks} from '../repository/marks.ts';
import type {Repack} from '../repository/repack.ts';
import type {SourceRun} from './backup.ts';

/** Tells marks apart from others: empty if there are none. */
export function marksDigest({marks: {names}}: Pick<SourceHistory, 'marks'>): string {
  return names.size === 0 ? '' : sha256([...names].sort().join('\n'));
}

/**
 * Which packs and index objects of a generation may be swept before the next seal counts on them. What the newest seal needs never is:
 * no prune removes that seal, nor sweeps packs that it names, also where others stand in for them. Where marks cannot be read, that is all that is certain.
 */
export function mayBeSwept(
  history: SourceHistory,
  {generation}: Pick<GenerationPlace, 'generation'>,
): (hash: string) => boolean {
  const {marks, seals} = history;
  if (marks.names.size === 0) return () => false;
  const last = seals.at(-1);
  const safe = last?.generation === generation ? statedNeeds(history, last) : undefined;
  return (hash) =>
    safe?.packs.has(hash) !== true &&
    safe?.index.has(hash) !== true &&
    (marks.areUnclear || marks.isMarked(generation, hash));
}

/**
 * The repacks of a generation, and which packs the next seal need not name for their sake: those that stand in for packs of the newest
 * seal's snapshot, or of packs that it does not name any more.
 */
export function repacksToFollow(
  history: SourceHistory,
  {generation}: Pick<GenerationPlace, 'generation'>,
): Repack[] {
  const last = history.seals.at(-1);
  const stated = last?.generation === generation ? statedNeeds(history, last) : undefined;
  const isFor = ({snapshots}: Repack): boolean => last !== undefined && snapshots.includes(last.snapshot.id);
  return history.marks.repacks.all
    .filter((repack) => repack.generation === generation)
    .map((repack) => ({
      ...repack,
      replaced: repack.replaced.filter((name) => isFor(repack) || stated?.packs.has(name) !== true),
    }));
}

/**
 * Looks at the marks once more, right before the seal.
 * @throws {@link LockedError} if what the seal counts on was marked since this run began
 */
export async function refuseMarked(run: SourceRun, place: GenerationPlace): Promise<void> {
  const {repository, history, trust, catalog, generation} = run;
  let isNew = false;
  for await (const {name} of repository.target.list(marksPrefix(place.source)))
    if (!history.marks.names.has(name)) isNew = true;
  if (!isNew) return;
  const marks = await readMarks(repository, place.source, trust);
  const isLost = mayBeSwept({...history, marks}, place);
  const counted = [...catalog.blobs.packs(generation.id), ...catalog.blobs.indexObjects(generation.id)];
  if (!counted.some(({name}) => isLost(name))) return;
  throw new LockedError(
    `While this run was under way, a prune marked packs of ${place.source} that the snapshot would need. Nothing was sealed.`,
    {hint: 'Run the backup again: what was marked is stored again, the rest is used.'},
  );
}
