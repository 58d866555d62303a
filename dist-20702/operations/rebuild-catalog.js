/** Rebuilds the catalog from the repository with the agent's key: which blobs and packs are stored. Trees stay closed to the agent. */
import { HoldfastError } from '../errors.js';
import { openGenerationAsAgent } from '../repository/generation.js';
import { adoptGeneration, asRow } from './backup-catalog.js';
const SKIPPED = new Set(['DAMAGED', 'OBJECT_MISSING']);
export async function rebuildCatalog(context, history) {
    const { catalog, repository, agent } = context;
    const skipped = [];
    let generations = 0;
    let snapshots = 0;
    for (const { source, seals, generations: names } of history.sources) {
        for (const generation of names) {
            const maker = seals.find((seal) => seal.generation === generation)?.agent;
            if (maker !== undefined && maker !== agent.fingerprint) {
                const problem = `made by another agent (${maker}); this one cannot open it`;
                skipped.push({ source, generation, problem, byOther: true });
                continue;
            }
            try {
                const facts = await openGenerationAsAgent(repository, { source, generation }, agent);
                await adoptGeneration(context, catalog.generations.add(asRow(facts)));
                generations++;
            }
            catch (error) {
                // What is missing was never finished: a run was cut off between the two objects that begin a generation.
                if (!(error instanceof HoldfastError) || !SKIPPED.has(error.code))
                    throw error;
                skipped.push({ source, generation, problem: error.message, byOther: false });
            }
        }
        catalog.transaction(() => {
            for (const seal of seals)
                catalog.snapshots.adopt(seal);
        });
        snapshots += seals.length;
    }
    return { generations, snapshots, blobs: catalog.blobs.count(), skipped };
}
