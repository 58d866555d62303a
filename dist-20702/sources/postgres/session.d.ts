import type { PostgresAccess } from './connection.ts';
/** A statement failed; the session goes on. */
export declare class SqlError extends Error {
    readonly sqlState: string;
    constructor(message: string, sqlState: string);
}
export declare class PostgresSession implements AsyncDisposable {
    #private;
    private constructor();
    /** @throws {@link SourceError} if the server cannot be reached, with what it said */
    static open(access: PostgresAccess, database: string | undefined, signal?: AbortSignal): Promise<PostgresSession>;
    /**
     * Runs statements and gives the values of the rows, which must be of one JSON column each.
     * @throws {@link SqlError} if the last one fails; {@link SourceError} if the server has gone
     */
    run<T>(sql: string): Promise<T[]>;
    /** The one row of a query. */
    one<T>(sql: string): Promise<T>;
    [Symbol.asyncDispose](): Promise<void>;
}
/** A string as a literal of SQL. */
export declare function literal(text: string): string;
/** A name as an identifier of SQL. */
export declare function identifier(name: string): string;
