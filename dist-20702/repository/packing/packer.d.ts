import type { Session } from '../../crypto/seipd.ts';
import type { BlobId } from '../layout.ts';
import { type PackKind } from '../pack.ts';
import { type SealedPack } from './pack-builder.ts';
export interface PackerOptions {
    readonly session: Session;
    readonly generationKey: string;
    /** Size at which a pack is closed; 16 MiB unless a test wants many. */
    readonly packBytes?: number | undefined;
    /** Worker threads that compress and seal; all cores but at most two by default. */
    readonly workers?: number | undefined;
    /** Packs that may be on their way to the target at once. */
    readonly concurrency: number;
    /** Stores a pack; called for several at once. A failure stops the packer. */
    onPack(pack: SealedPack): Promise<void>;
}
/** A place in the shared memory to write a blob's content to. */
export interface Reservation {
    readonly offset: number;
    readonly bytes: Buffer;
}
/**
 * Gathers blobs into frames, has them compressed and sealed by worker threads, and hands the packs to `onPack`. Memory is
 * bounded by the slots and by `concurrency`: {@link reserve} waits when there is none. Workers start with the first full slot, so that small
 * runs have none.
 */
export declare class Packer implements AsyncDisposable {
    #private;
    readonly memory: WebAssembly.Memory;
    constructor(options: PackerOptions);
    /** Whether {@link reserve} would have to wait; a synchronous reader asks this first. */
    mustWait(kind: PackKind): boolean;
    /** Waits until {@link reserve} can go on. @throws what made the packer fail */
    ready(kind: PackKind): Promise<void>;
    /** Room for a blob of up to `length` bytes, at most {@link RESERVATION_BYTES}. Call only when {@link mustWait} is false. */
    reserve(kind: PackKind, length: number): Reservation;
    /** Makes the first `length` bytes of the latest reservation a blob. */
    commit(kind: PackKind, id: BlobId, length: number): void;
    /** Seals everything and waits until all packs are stored. */
    finish(): Promise<void>;
    throwIfFailed(): void;
    [Symbol.asyncDispose](): Promise<void>;
}
