/** Snapshot objects: what one backup saw, for those with the generation key (docs/format.md §8). */
import type { PublicKey } from 'openpgp';
import type { Session } from '../crypto/seipd.ts';
import { type Agent } from './agent.ts';
import { type Json } from './canonical.ts';
import { type GenerationPlace, type SnapshotId } from './layout.ts';
import { type ByteCounts, type EntryCounts, type SnapshotKind } from './seal.ts';
import { type TreeEntry } from './tree.ts';
export interface Warning {
    readonly path: string;
    readonly problem: string;
}
export interface Snapshot extends GenerationPlace {
    readonly repository: string;
    readonly agent: string;
    readonly sequence: number;
    readonly kind: SnapshotKind;
    readonly parent: SnapshotId | null;
    readonly started: string;
    readonly finished: string;
    readonly host: string;
    /** Bytes of the folder's path. */
    readonly path: Buffer;
    readonly root: TreeEntry;
    readonly entries: EntryCounts;
    readonly bytes: ByteCounts;
    readonly warnings: readonly Warning[];
    readonly warningsOmitted: number;
    readonly tags: readonly string[];
    /** Facts about the source, to compare a restored copy with. */
    readonly witness?: Json | undefined;
}
export declare const WARNINGS_MOST = 1000;
/** No snapshot object is larger. */
export declare const SNAPSHOT_MOST_BYTES: number;
export declare function makeSnapshot(snapshot: Snapshot, agent: Agent, session: Session, now: Date): Promise<{
    id: SnapshotId;
    object: Buffer;
}>;
/**
 * Opens a snapshot object and checks who signed it and that its id is the one expected.
 * @throws PacketError, SignatureError, {@link FormatError}
 */
export declare function readSnapshot(object: Uint8Array, sessionKey: Uint8Array, agents: readonly PublicKey[], expected: GenerationPlace & {
    repository: string;
    agent: string;
    id: SnapshotId;
    sequence: number;
}): Promise<Snapshot>;
