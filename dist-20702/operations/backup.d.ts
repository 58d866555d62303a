/** Backs up sources: full at the start of a generation, else incremental (docs/DESIGN: the order of a backup). */
import type { PublicKey } from 'openpgp';
import type { Catalog } from '../catalog/catalog.ts';
import type { StoredGeneration } from '../catalog/generations.ts';
import type { SourceConfig } from '../config/sources.ts';
import type { Recipient } from '../crypto/keys.ts';
import { type HoldfastError } from '../errors.ts';
import type { Agent } from '../repository/agent.ts';
import type { Problem } from '../repository/chain.ts';
import { type SourceHistory } from '../repository/history.ts';
import type { Repository } from '../repository/repository.ts';
import type { ByteCounts, EntryCounts, SnapshotKind } from '../repository/seal.ts';
import type { Warning } from '../repository/snapshot.ts';
import type { TrustFile } from '../repository/trust.ts';
import type { OnProgress } from './progress.ts';
export interface BackupContext {
    readonly repository: Repository;
    readonly catalog: Catalog;
    readonly trust: TrustFile;
    /** Whose seals count. */
    readonly agents: readonly PublicKey[];
    readonly agent: Agent;
    readonly recipients: readonly Recipient[];
    readonly host: string;
    /** Paths that are never backed up: catalog, repository, keys. */
    readonly ownPaths: readonly string[];
    now(): Date;
    readonly concurrency: number;
    readonly workers?: number | undefined;
    /** Size at which packs are closed; for tests. */
    readonly packBytes?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: OnProgress | undefined;
    /** What a source of the kind `stdin` reads. */
    readonly input?: AsyncIterable<Uint8Array> | undefined;
    /** Something worth telling that is no warning. */
    onNote?(source: string, note: string): void;
}
export interface BackupOptions {
    readonly full?: boolean;
    readonly tags?: readonly string[];
    /** Accept a source that is empty, or has lost most of its entries. */
    readonly allowEmpty?: boolean;
    /** Go on from what the storage has, whatever this machine remembers; the operator has looked. */
    readonly acceptHistory?: boolean;
    /** Store nothing; tell what would be stored. */
    readonly dryRun?: boolean;
}
export interface BackedUp {
    /** Null for a dry run. */
    readonly id: string | null;
    readonly source: string;
    readonly kind: SnapshotKind;
    readonly generation: string;
    readonly parent: string | null;
    readonly sequence: number;
    readonly startedAt: string;
    readonly seconds: number;
    readonly entries: EntryCounts;
    readonly bytes: ByteCounts;
    readonly warnings: readonly Warning[];
    readonly warningsOmitted: number;
    /** Requests to the target that failed for the time being and were tried again. */
    readonly retries: number;
}
export interface BackupFailure {
    readonly source: string;
    readonly error: HoldfastError;
}
export interface BackupResult {
    readonly snapshots: readonly BackedUp[];
    /** Sources of which no snapshot was made. */
    readonly failures: readonly BackupFailure[];
    /** What is damaged in the history of these sources, and did not stop their backup. */
    readonly problems: readonly Problem[];
}
/** What the steps of one source's backup share. */
export interface SourceRun extends BackupContext {
    readonly source: SourceConfig;
    readonly options: BackupOptions;
    readonly history: SourceHistory;
    readonly generation: StoredGeneration;
    /** What packs are encrypted to. */
    readonly key: PublicKey;
    readonly kind: SnapshotKind;
    readonly started: Date;
}
/**
 * Backs up one source after the other. A source that fails, or whose history was tampered with, does not stop the others; a target that
 * fails does.
 * @throws whatever is not the fault of one source
 */
export declare function backup(context: BackupContext, sources: readonly SourceConfig[], options: BackupOptions): Promise<BackupResult>;
