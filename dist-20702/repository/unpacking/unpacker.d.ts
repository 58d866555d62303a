import { type PackJob, type StripeJob, type UnpackedFrame } from './unpack.ts';
/** Opens parts of packs in worker threads, at most two, which start when there is enough to do. */
export declare class Unpacker implements AsyncDisposable {
    #private;
    constructor(blobIdKey: Uint8Array);
    /** @param job its `sealed` is used up, as it is handed to the worker. @throws {@link UnpackError}, `PacketError` */
    stripe(job: StripeJob): Promise<readonly UnpackedFrame[]>;
    /** @param job its `bytes` are used up. @returns for each frame which of its blobs are wrong. @throws {@link UnpackError}, `PacketError` */
    pack(job: PackJob): Promise<readonly (readonly number[])[]>;
    [Symbol.asyncDispose](): Promise<void>;
}
