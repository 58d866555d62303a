import * as openpgp from 'openpgp';
import type { StoredGeneration } from '../catalog/generations.ts';
import type { SourceConfig } from '../config/sources.ts';
import type { Problem } from '../repository/chain.ts';
import type { SourceHistory } from '../repository/history.ts';
import type { SnapshotKind } from '../repository/seal.ts';
import type { BackupContext, BackupOptions } from './backup.ts';
export interface ChosenGeneration {
    readonly generation: StoredGeneration;
    /** What packs are encrypted to. */
    readonly key: openpgp.PublicKey;
    readonly kind: SnapshotKind;
    /** Damage found in generations that could else have been continued. */
    readonly problems: readonly Problem[];
}
export declare function chooseGeneration(context: BackupContext, source: SourceConfig, options: BackupOptions, history: SourceHistory, now: Date): Promise<ChosenGeneration>;
