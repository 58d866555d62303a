/** Seals: the agent's signed public statement of one snapshot, and the commit point of a backup (docs/format.md §9). */
import type { PublicKey } from 'openpgp';
import { type Agent } from './agent.ts';
import { Fields } from './fields.ts';
import { type GenerationPlace, type SnapshotId } from './layout.ts';
export type SnapshotKind = 'full' | 'incremental';
export interface EntryCounts {
    readonly new: number;
    readonly changed: number;
    readonly unchanged: number;
    readonly removed: number;
    readonly total: number;
}
export interface ByteCounts {
    /** Logical size of all files. */
    readonly source: number;
    readonly read: number;
    /** Of new blobs, before compression. */
    readonly new: number;
    /** Added to the repository before the seal. */
    readonly stored: number;
}
export type SizedName = readonly [sha256: string, size: number];
/** What a restore takes besides the snapshot and the secrets; relative to the seal whose payload hash is `base`. */
export interface Needs {
    readonly base: string | null;
    readonly packs: readonly SizedName[];
    readonly index: readonly SizedName[];
    readonly dropped: readonly string[];
}
export interface NamedObject {
    readonly name: string;
    readonly size: number;
    readonly sha256: string;
}
export interface Seal extends GenerationPlace {
    readonly repository: string;
    readonly agent: string;
    readonly sequence: number;
    readonly previous: string | null;
    readonly generationKey: string;
    readonly kind: SnapshotKind;
    readonly started: string;
    readonly finished: string;
    readonly tags: readonly string[];
    readonly snapshot: {
        readonly id: SnapshotId;
        readonly size: number;
        readonly sha256: string;
    };
    readonly entries: EntryCounts;
    readonly bytes: ByteCounts;
    readonly warnings: number;
    readonly secrets: readonly NamedObject[];
    readonly needs: Needs;
}
/** A seal whose signature and form were checked. */
export interface CheckedSeal extends Seal {
    /** SHA-256 of its payload; what the next seal calls `previous`. */
    readonly hash: string;
    /** The signed bytes. */
    readonly payload: string;
    /** Size of the seal's object. */
    readonly objectBytes: number;
}
/** No seal is larger. */
export declare const SEAL_MOST_BYTES: number;
export declare function makeSeal(seal: Seal, agent: Agent, now: Date): Promise<{
    object: Buffer;
    checked: CheckedSeal;
}>;
/**
 * Checks the signature and reads what was signed.
 * @throws SignatureError, {@link FormatError}
 */
export declare function readSeal(object: Uint8Array, agents: readonly PublicKey[]): Promise<CheckedSeal>;
/**
 * Reads a payload that was signed.
 * @throws {@link FormatError} unless it is the canonical form of a seal
 */
export declare function parseSeal(payload: string): Seal;
/** @throws {@link FormatError} unless it names one of a generation's secrets */
export declare function readNamedObject(item: unknown): NamedObject;
export declare function entryCounts(fields: Fields): EntryCounts;
export declare function byteCounts(fields: Fields): ByteCounts;
