/** Packs that were written anew without what no snapshot needs any more, as a mark tells of them (docs/format.md §13). */
import {type Fields, FormatError} from './fields.ts';
import {isGenerationName, isHash} from './layout.ts';
import type {SizedName} from './seal.ts';

/** What stands in the place of packs of one generation, for these snapshots. */
export interface Repack {
  readonly generation: string;
  /** Ids of the snapshots whose content all lies in `packs`, as far as it lay in `replaced`. */
  readonly snapshots: readonly string[];
  /** Hashes of packs. */
  readonly replaced: readonly string[];
  readonly packs: readonly SizedName[];
  /** Index objects that describe `packs`. */
  readonly index: readonly SizedName[];
}

/** Names of packs and index objects, by their hash, with their sizes. */
export interface NeededNames {
  readonly packs: Map<string, number>;
  readonly index: Map<string, number>;
}

const SNAPSHOTS_MOST = 100_000;
/** Packs that one mark can replace. */
export const REPLACED_MOST = 50_000;

/** @throws {@link FormatError} */
export function parseRepack(fields: Fields): Repack {
  const generation = fields.text('generation');
  if (!isGenerationName(generation)) throw new FormatError('it names something else than a generation');
  const replaced = fields.texts('replaced', REPLACED_MOST);
  if (!replaced.every(isHash)) throw new FormatError('"replaced" holds something else than packs');
  return {
    generation,
    snapshots: fields.texts('snapshots', SNAPSHOTS_MOST),
    replaced,
    packs: fields.sizes('packs', REPLACED_MOST),
    index: fields.sizes('index', REPLACED_MOST),
  };
}

/** Changes what one or more snapshots need to what they need after these repacks, oldest first, all of which are for them. */
export function applyRepacks({packs, index}: NeededNames, repacks: readonly Repack[]): void {
  for (const repack of repacks) {
    for (const name of repack.replaced) packs.delete(name);
    for (const [name, size] of repack.packs) packs.set(name, size);
    for (const [name, size] of repack.index) index.set(name, size);
  }
}

/** The repacks of each snapshot, found by its id. */
export class Repacks {
  readonly all: readonly Repack[];
  readonly #bySnapshot = new Map<string, Repack[]>();

  /** @param all oldest first */
  constructor(all: readonly Repack[]) {
    this.all = all;
    for (const repack of all)
      for (const id of repack.snapshots) {
        const known = this.#bySnapshot.get(id);
        if (known === undefined) this.#bySnapshot.set(id, [repack]);
        else known.push(repack);
      }
  }

  of({
    snapshot,
    generation,
  }: {
    readonly snapshot: {readonly id: string};
    readonly generation: string;
  }): readonly Repack[] {
    if (this.all.length === 0) return this.all;
    return (this.#bySnapshot.get(snapshot.id) ?? []).filter((repack) => repack.generation === generation);
  }
}
