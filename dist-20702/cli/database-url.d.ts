import type { DatabaseTarget } from '../operations/restore-database.ts';
/**
 * Reads `postgres://user@host:5432/orders?sslmode=require`; the host may also be `?host=/run/postgresql`.
 * @throws {@link UsageError}
 */
export declare function parseDatabaseUrl(text: string): DatabaseTarget;
