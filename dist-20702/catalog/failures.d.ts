/** What goes wrong with the catalog's file, in words for whoever runs a backup. */
import { type Database } from 'better-sqlite3';
import { type HoldfastError } from '../errors.ts';
/** The catalog cannot be used: disk, rights, or another process. */
export declare function unusable(path: string, cause: unknown): HoldfastError;
/**
 * Runs what writes to the database.
 * @throws {@link CatalogError} if the disk fails; {@link LockedError} if another process does not let go
 */
export declare function writing<T>(database: Database, write: () => T): T;
