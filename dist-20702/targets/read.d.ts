import { type ByteRange, type CallOptions, type ObjectName, type Target, TargetError } from './target.ts';
export interface ReadOptions extends CallOptions {
    /** More than that is refused before it is kept: what storage sends is not to be trusted to end. */
    readonly maxBytes: number;
    /** What to read; everything by default. */
    readonly range?: ByteRange | undefined;
}
/** The target yields more or fewer bytes than a range has. */
export declare class WrongLengthError extends TargetError {
}
/**
 * Reads an object, or a range of it, into memory. The buffer belongs to the caller.
 *
 * @throws {@link DamageError} when the object has more than `maxBytes`, or twice arrives garbled
 * @throws {@link WrongLengthError} when the target yields more or fewer bytes than `range` asks for
 */
export declare function readObject(target: Target, name: ObjectName, options: ReadOptions): Promise<Uint8Array>;
