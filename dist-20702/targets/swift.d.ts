import type { TargetAccess } from './access.ts';
import { type SwiftPlace } from './swift-place.ts';
import { Sessions } from './swift-session.ts';
import { type ByteRange, type CallOptions, type CreateOptions, type ListPage, type ObjectInfo, type ObjectName, type PageRequest, type PutOptions, type Target } from './target.ts';
/** Opens `swift://container/prefix`. Nothing is asked of the network yet. */
export declare function openSwift(url: string, access: TargetAccess): Promise<SwiftTarget>;
/**
 * Keeps objects in a container of OpenStack Swift. Swift looks whether a name is taken before it writes: of several writers at the same
 * time all may win, and the last one's content stays. What Holdfast writes has unique names, so nothing rests on that.
 */
export declare class SwiftTarget implements Target {
    #private;
    readonly label: string;
    readonly paced = true;
    constructor(place: SwiftPlace, sessions: Sessions, access: TargetAccess);
    create({ container, signal }?: CreateOptions): Promise<void>;
    put(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void>;
    replace(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void>;
    get(name: ObjectName, range?: ByteRange, { signal }?: CallOptions): AsyncIterable<Uint8Array>;
    stat(name: ObjectName, { signal }?: CallOptions): Promise<ObjectInfo | undefined>;
    list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;
    listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>;
    /** Swift says that only an empty page is the end: a short one can come from a container in shards. */
    listPage(prefix: string, { after, folders }: PageRequest, { signal }?: CallOptions): Promise<ListPage>;
    remove(name: ObjectName, { signal }?: CallOptions): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
