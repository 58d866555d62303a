import { type PackJob, type StripeJob, type UnpackedFrame } from './unpack.ts';
export interface UnpackWorkerData {
    readonly blobIdKey: Uint8Array;
}
export type ToUnpackWorker = StripeJob | PackJob;
export type FromUnpackWorker = {
    readonly type: 'stripe';
    readonly frames: readonly UnpackedFrame[];
} | {
    readonly type: 'pack';
    readonly wrong: readonly (readonly number[])[];
}
/** What it is of is not as it should be. */
 | {
    readonly type: 'damaged';
    readonly message: string;
};
