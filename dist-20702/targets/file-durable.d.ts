/** Names that {@link writePartial} and {@link publishWithoutLinks} give to files that are not objects. */
export declare const PARTIAL: RegExp;
/** Brings what was made, renamed or removed in a folder to the disk. */
export declare function syncFolder(folder: string): Promise<void>;
/** Makes a folder and those above it, as far as they are missing, durably. */
export declare function makeFolderTree(folder: string): Promise<void>;
/**
 * Writes the whole body, durably, under a name beside `path` that no other attempt has, and that no listing shows.
 * Where that fails, nothing is left.
 *
 * @returns the partial file's path
 */
export declare function writePartial(path: string, body: Uint8Array, signal?: AbortSignal): Promise<string>;
/**
 * Gives a partial file its final name, unless that is taken, and takes its partial name away.
 *
 * @returns `published`, `taken`, or `unsupported` where the file system has no hard links
 */
export declare function publishByLink(part: string, path: string): Promise<'published' | 'taken' | 'unsupported'>;
/**
 * The same without hard links. Node has no renameat2(RENAME_NOREPLACE), and rename replaces; writing to the final name
 * with O_EXCL would show parts of an object. So whoever renames first takes a claim: a file that O_EXCL lets one
 * process make. Between its look and its rename, nobody else who keeps to this can publish that name. A claim that a
 * killed process left behind is not stolen, since its age is no proof; it blocks this one name until it is swept.
 *
 * @returns `published`, `taken`, or `claimed` when another process does not let go of its claim
 */
export declare function publishWithoutLinks(part: string, path: string, signal?: AbortSignal): Promise<'published' | 'taken' | 'claimed'>;
/** A partial file that stays does no harm: no listing shows it, and it is swept a day later. */
export declare function removeQuietly(path: string): Promise<void>;
