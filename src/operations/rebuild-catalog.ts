/** Rebuilds the catalog from the repository with the agent's key: which blobs and packs are stored. Trees stay closed to the agent. */
import {HoldfastError} from '../errors.ts';
import {openGenerationAsAgent} from '../repository/generation.ts';
import type {History} from '../repository/history.ts';
import {adoptGeneration, asRow, type SyncContext} from './backup-catalog.ts';
import {marksDigest} from './backup-marks.ts';

export interface RebuildResult {
  readonly generations: number;
  readonly snapshots: number;
  readonly blobs: number;
  /** Generations that another agent made, or that are damaged: nothing can be added to them. */
  readonly skipped: readonly {
    readonly source: string;
    readonly generation: string;
    readonly problem: string;
    /** No fault: another agent made it, before this one joined. */
    readonly byOther: boolean;
  }[];
}

const SKIPPED = new Set(['DAMAGED', 'OBJECT_MISSING']);

export async function rebuildCatalog(context: SyncContext, history: History): Promise<RebuildResult> {
  const {catalog, repository, agent} = context;
  const skipped: {source: string; generation: string; problem: string; byOther: boolean}[] = [];
  let generations = 0;
  let snapshots = 0;
  for (const sourceHistory of history.sources) {
    const {source, seals, generations: names} = sourceHistory;
    for (const generation of names) {
      const maker = seals.find((seal) => seal.generation === generation)?.agent;
      if (maker !== undefined && maker !== agent.fingerprint) {
        const problem = `made by another agent (${maker}); this one cannot open it`;
        skipped.push({source, generation, problem, byOther: true});
        continue;
      }
      try {
        const facts = await openGenerationAsAgent(repository, {source, generation}, agent);
        await adoptGeneration(context, catalog.generations.add(asRow(facts)), sourceHistory);
        generations++;
      } catch (error) {
        // What is missing was never finished: a run was cut off between the two objects that begin a generation.
        if (!(error instanceof HoldfastError) || !SKIPPED.has(error.code)) throw error;
        skipped.push({source, generation, problem: error.message, byOther: false});
      }
    }
    catalog.transaction(() => {
      for (const seal of seals) catalog.snapshots.adopt(seal);
      catalog.marks.know(source, marksDigest(sourceHistory));
    });
    snapshots += seals.length;
  }
  return {generations, snapshots, blobs: catalog.blobs.count(), skipped};
}
