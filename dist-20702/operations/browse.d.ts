/** Looks into snapshots: ls, find, diff, cat. From the catalog where it knows the trees, else from the repository with the key. */
import type { PublicKey } from 'openpgp';
import type { Catalog } from '../catalog/catalog.ts';
import type { RecipientKey } from '../crypto/recipient-key.ts';
import type { SourceHistory } from '../repository/history.ts';
import type { Repository } from '../repository/repository.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import { type TreeEntry } from '../repository/tree.ts';
import { type TreeSource } from '../repository/tree-walk.ts';
import type { PathFilter } from '../sources/folder/exclude.ts';
export interface BrowseContext {
    readonly repository: Repository;
    readonly agents: readonly PublicKey[];
    readonly catalog?: Catalog | undefined;
    /** Called only when the catalog does not know; asking for a passphrase takes a person. */
    key(): Promise<RecipientKey | undefined>;
    readonly signal?: AbortSignal | undefined;
}
export interface Listed {
    readonly path: Buffer;
    readonly entry: TreeEntry;
}
export interface Difference {
    readonly added: readonly Listed[];
    readonly removed: readonly Listed[];
    readonly changed: readonly Listed[];
}
/** A snapshot whose trees can be read. */
export interface Browsed {
    readonly seal: CheckedSeal;
    readonly root: TreeEntry;
    readonly trees: TreeSource;
}
/**
 * Opens a snapshot for browsing.
 * @throws {@link KeyError} if the catalog does not know it and there is no key
 */
export declare function openForBrowsing(context: BrowseContext, history: SourceHistory, seal: CheckedSeal): Promise<Browsed>;
/** Everything at and below `path`; with `deep` false, a directory's own entries alone. */
export declare function listEntries({ seal, root, trees }: Browsed, path: string, deep: boolean, signal?: AbortSignal): Promise<Listed[]>;
/** All entries whose path matches. */
export declare function findEntries({ seal, root, trees }: Browsed, matches: PathFilter, signal?: AbortSignal): Promise<Listed[]>;
/** What changed from one snapshot to another. Directories whose trees are the same blobs are not read. */
export declare function diffSnapshots(a: Browsed, b: Browsed, signal?: AbortSignal): Promise<Difference>;
/** A file's content, checked blob by blob. Always needs the key. */
export declare function readFileContent(context: BrowseContext, history: SourceHistory, seal: CheckedSeal, path: string): AsyncGenerator<Uint8Array>;
