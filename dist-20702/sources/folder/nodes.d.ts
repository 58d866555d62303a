import type { TreeEntry } from '../../repository/tree.ts';
import type { Libc } from '../../system/libc.ts';
/**
 * How to make an entry that has no content: a symlink, a FIFO, a device.
 * @param whyNoDevices undefined if devices may be made; otherwise what follows "are left out"
 * @returns a function that makes it under a free path, or why it cannot be made
 */
export declare function nodeMaker({ type, target, device }: TreeEntry, libc: Libc | undefined, whyNoDevices: string | undefined): ((path: Buffer) => void) | string;
