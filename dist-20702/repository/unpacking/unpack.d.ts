/** Opens what lies in packs: decrypts, decompresses, checks every blob. Runs in worker threads, or where little is read in the main one. */
import { type KeyObject } from 'node:crypto';
import { type EncryptedMessage } from '../../crypto/seipd.ts';
export interface FrameShape {
    /** In the `.tar.zst`. */
    readonly offset: number;
    readonly size: number;
    /** Decompressed size. */
    readonly raw: number;
    /** Of its blobs, 32 bytes each. */
    readonly ids: Uint8Array;
    readonly lengths: Uint32Array;
}
/** Some frames of a pack that follow each other, and the AEAD chunks that hold them. */
export interface StripeJob {
    readonly type: 'stripe';
    readonly message: EncryptedMessage;
    readonly sessionKey: Uint8Array;
    readonly sealed: Uint8Array;
    readonly firstChunk: number;
    readonly frames: readonly FrameShape[];
}
/** A whole pack, to be checked from its first packet to its last blob. */
export interface PackJob {
    readonly type: 'pack';
    readonly sessionKey: Uint8Array;
    readonly bytes: Uint8Array;
    readonly frames: readonly FrameShape[];
}
export interface UnpackedFrame {
    /** Decompressed. Its memory is its own. */
    readonly raw: Uint8Array<ArrayBuffer>;
    /** Which of its blobs are not what their id says. */
    readonly wrong: readonly number[];
}
/** The pack is not as the index says. */
export declare class UnpackError extends Error {
}
/** @throws {@link UnpackError}, `PacketError` */
export declare function unpackStripe(job: StripeJob, idKey: KeyObject): UnpackedFrame[];
/** @returns for each frame which of its blobs are wrong. Uses `bytes` up. @throws {@link UnpackError}, `PacketError` */
export declare function checkPack({ bytes, frames, sessionKey }: PackJob, idKey: KeyObject): (readonly number[])[];
