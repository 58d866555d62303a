/**
 * Objects are never overwritten, and a lost pack is not made again: the catalog forgets what it held, so that the backup stores that anew, in
 * new packs of the same generation. Older snapshots find it there, too (`openSealedGeneration`).
 */
import type {StoredGeneration} from '../catalog/generations.ts';
import type {Problem} from '../repository/chain.ts';
import type {SourceHistory} from '../repository/history.ts';
import {indexPrefix, packsPrefix, parseHashObject} from '../repository/layout.ts';
import type {BlobWriter} from '../repository/packing/blob-writer.ts';
import type {BackupContext, SourceRun} from './backup.ts';
import {adoptGeneration, type SyncContext} from './backup-catalog.ts';
import {
  type DamagedObject,
  knownDamage,
  type Regained,
  regainedOf,
  type SelfCheck,
  type SelfCheckContext,
  selfCheck,
} from './self-check.ts';

/** What one backup saw, told when it has ended: how much of what was lost is stored again is known only then. */
export interface Checked {
  /** Null where nothing is to be looked at. */
  result(): SelfCheck | null;
  /** What this run found. */
  problems(): Problem[];
}

/** Looks at what earlier backups stored, before the source is read: what is lost will be stored again by the same backup. */
export async function checkAndHeal(
  context: BackupContext,
  history: SourceHistory,
  generation: StoredGeneration,
  renewLease: () => Promise<void>,
): Promise<Checked> {
  const check =
    context.selfCheck === undefined
      ? undefined
      : await selfCheck(context, history, context.selfCheck, renewLease);
  await forgetLost(context, history, generation);
  const damaged = (): DamagedObject[] =>
    (check?.damaged ?? []).map((object) => ({
      ...object,
      regained: regainedOf(context.catalog, history.source, object),
    }));
  return {
    result: () => (check === undefined ? null : {...check, damaged: damaged()}),
    problems: () =>
      damaged()
        .filter(({isNew}) => isNew)
        .map(({object, problem, affects, regained}) => ({
          object,
          problem: problem + regainedText(regained),
          affects,
        })),
  };
}

/**
 * Makes the catalog forget what it knows to be damaged of the generation that a backup goes on in, and everything that it knows of the
 * source's folders: all of it is looked at again.
 */
async function forgetLost(
  context: SyncContext & SelfCheckContext,
  history: SourceHistory,
  generation: StoredGeneration,
): Promise<void> {
  const {catalog, onNote} = context;
  const place = {source: generation.source, generation: generation.name};
  const damaged = knownDamage(context, history);
  const bad = (prefix: string) =>
    new Set(damaged.flatMap(({object}) => parseHashObject(prefix, object) ?? []));
  const badIndex = catalog.blobs
    .indexObjects(generation.id)
    .filter(({name}) => bad(indexPrefix(place)).has(name));
  if (badIndex.length > 0) {
    catalog.transaction(() => {
      catalog.blobs.forgetGeneration(generation.id);
      catalog.directories.forgetSource(generation.source);
    });
    await adoptGeneration(context, generation, history);
  }
  const badPacks = catalog.blobs.packs(generation.id).filter(({name}) => bad(packsPrefix(place)).has(name));
  if (badPacks.length > 0)
    catalog.transaction(() => {
      for (const {name} of badPacks) catalog.blobs.forgetPack(generation.id, name);
      catalog.directories.forgetSource(generation.source);
    });
  const lost = badPacks.length + badIndex.length;
  if (lost > 0)
    onNote?.(
      generation.source,
      `${lost === 1 ? 'an object is' : `${lost} objects are`} lost; everything is read again, and what was in ${lost === 1 ? 'it' : 'them'} is stored again`,
    );
}

/** Stores lost trees again that the catalog still has: of folders as they were at older snapshots, which no walk finds any more. */
export async function storeLostTrees({catalog, generation}: SourceRun, writer: BlobWriter): Promise<void> {
  for (const id of catalog.blobs.lost(generation.id)) {
    const content = catalog.directories.tree(generation.id, id);
    if (content !== undefined) await writer.storeWhole('tree', content);
  }
}

/** What became of what a lost pack held, at the end of a sentence. */
export function regainedText(regained: Regained | null): string {
  if (regained === null) return '';
  const {pieces, of} = regained;
  if (pieces === of) return '; all that it held is stored again in other packs';
  return `; of the ${of} pieces that it held, ${pieces} are stored again in other packs`;
}
