import type { Catalog } from '../catalog/catalog.ts';
import type { GenerationRow, StoredGeneration } from '../catalog/generations.ts';
import type { Agent } from '../repository/agent.ts';
import type { GenerationFacts } from '../repository/generation.ts';
import type { SourceHistory } from '../repository/history.ts';
import type { Repository } from '../repository/repository.ts';
export interface SyncContext {
    readonly repository: Repository;
    readonly catalog: Catalog;
    readonly agent: Agent;
    onNote?(source: string, note: string): void;
}
/**
 * Damage below a seal that this machine remembers does not stop a backup: what is new must be protected.
 * @throws {@link TamperError} if the end of the repository's history is not a continuation of what this machine knows
 */
export declare function refuseTampered(history: SourceHistory, catalog: Catalog): void;
/** When the repository's newest seal is not the one the catalog knows, learns what is stored, and forgets what no longer is. */
export declare function syncCatalog(context: SyncContext, history: SourceHistory, generation: StoredGeneration): Promise<void>;
/** A generation as the catalog keeps it. */
export declare function asRow(facts: GenerationFacts): GenerationRow;
/** Learns from the index objects which blobs are stored, and looks up every pack. */
export declare function adoptGeneration(context: SyncContext, generation: StoredGeneration): Promise<void>;
