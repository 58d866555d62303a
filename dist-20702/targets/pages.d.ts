import { type ListPage, type ObjectInfo } from './target.ts';
/** Yields the objects of all pages whose names begin with the prefix and can be ours. */
export declare function objectsOfPages(label: string, prefix: string, page: (after: string | undefined) => Promise<ListPage>): AsyncIterable<ObjectInfo>;
/** Yields the folders of all pages, each once. */
export declare function foldersOfPages(label: string, prefix: string, page: (after: string | undefined) => Promise<ListPage>): AsyncIterable<string>;
