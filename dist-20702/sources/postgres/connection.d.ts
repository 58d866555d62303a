import type { PostgresConnection } from '../../config/sources.ts';
import type { Secret } from '../../system/secret.ts';
export type PostgresProgram = 'psql' | 'pg_dump' | 'pg_dumpall' | 'pg_restore';
/** How PostgreSQL's programs reach a server: by their environment, with the password in a file that only they can read. */
export declare class PostgresAccess implements Disposable {
    #private;
    readonly secrets: readonly Secret[];
    /** For messages. */
    readonly label: string;
    constructor(connection: PostgresConnection);
    program(name: PostgresProgram): string;
    /** @param database what to connect to; undefined for what libpq takes by itself */
    environment(database: string | undefined): Record<string, string | undefined>;
    /** The major version of a program. @throws {@link SourceError} if it is not there */
    clientMajor(name: PostgresProgram): Promise<number>;
    [Symbol.dispose](): void;
}
