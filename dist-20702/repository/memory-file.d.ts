import { CatalogError } from '../errors.ts';
/** The text, or undefined if there is none yet. @throws {@link CatalogError} if it is there and cannot be read */
export declare function readMemory(path: string): string | undefined;
/** Replaces the file: it is the old one or the new one, whole, at any moment. @throws {@link CatalogError} */
export declare function writeMemory(path: string, content: object): void;
export declare function memoryUnusable(path: string, cause: unknown): CatalogError;
