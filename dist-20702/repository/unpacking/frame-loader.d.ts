import { type EncryptedMessage } from '../../crypto/seipd.ts';
import { type Target } from '../../targets/target.ts';
import type { BlobIndex, IndexedFrame, IndexedPack } from '../blob-index.ts';
import { type FrameShape, type UnpackedFrame } from './unpack.ts';
import type { Unpacker } from './unpacker.ts';
export interface FrameLoaderOptions {
    readonly target: Target;
    readonly unpacker: Unpacker;
    readonly index: BlobIndex;
    nameOf(pack: IndexedPack): string;
    /** @throws if the message is not for the key that is at hand */
    sessionKey(message: EncryptedMessage): Promise<Uint8Array>;
}
export declare class FrameLoader {
    #private;
    constructor(options: FrameLoaderOptions);
    /** Has a frame fetched as soon as there is room. Whoever calls this calls {@link release} as often. */
    want(frame: IndexedFrame): void;
    release(frame: IndexedFrame): void;
    /**
     * A frame, wanted before or not. Its memory may be taken back with the next call of any method of this loader.
     * @throws {@link DamageError}
     */
    load(frame: IndexedFrame): Promise<UnpackedFrame>;
}
/** What unpacking has to know of a frame. */
export declare function shapeOf(index: BlobIndex, frame: IndexedFrame): FrameShape;
