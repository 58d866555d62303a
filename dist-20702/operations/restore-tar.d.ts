import type { TreeEntry } from '../repository/tree.ts';
export interface TarSink {
    openDirectory(path: Buffer, entry: TreeEntry): Promise<boolean>;
    entry(path: Buffer, entry: TreeEntry, content: () => AsyncIterable<Uint8Array>): Promise<number>;
}
/** Runs `work` with a sink that writes to `output`, and ends the archive. */
export declare function writeTar<T>(output: NodeJS.WritableStream, work: (sink: TarSink) => Promise<T>): Promise<T>;
