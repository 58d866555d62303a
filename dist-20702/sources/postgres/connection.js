import { join } from 'node:path';
import { SourceError } from '../../errors.js';
import { PrivateFile } from '../../system/private-file.js';
import { collectOutput } from '../stream/program.js';
/** How PostgreSQL's programs reach a server: by their environment, with the password in a file that only they can read. */
export class PostgresAccess {
    secrets;
    /** For messages. */
    label;
    #connection;
    #passwordFile;
    constructor(connection) {
        const { host, port, password } = connection;
        this.#connection = connection;
        this.secrets = password === undefined ? [] : [password];
        this.label = `the PostgreSQL server${host === undefined ? '' : ` at ${host}${port === undefined ? '' : `:${port}`}`}`;
        if (password !== undefined) {
            const escaped = password.reveal().replaceAll(/[\\:]/g, '\\$&');
            this.#passwordFile = new PrivateFile(`*:*:*:*:${escaped}\n`);
        }
    }
    program(name) {
        return this.#connection.programs === undefined ? name : join(this.#connection.programs, name);
    }
    /** @param database what to connect to; undefined for what libpq takes by itself */
    environment(database) {
        const { host, port, user, sslmode, sslrootcert } = this.#connection;
        const set = {
            PGHOST: host,
            PGPORT: port?.toString(),
            PGUSER: user,
            PGDATABASE: database,
            PGSSLMODE: sslmode,
            PGSSLROOTCERT: sslrootcert,
            PGPASSFILE: this.#passwordFile?.path,
            PGAPPNAME: 'holdfast',
            PGCONNECT_TIMEOUT: '30',
            PGCLIENTENCODING: 'UTF8',
            LC_ALL: 'C.UTF-8', // Messages that we can read.
        };
        const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
        // A password of the surroundings would win over our file.
        return this.#passwordFile === undefined ? given : { ...given, PGPASSWORD: undefined };
    }
    /** The major version of a program. @throws {@link SourceError} if it is not there */
    async clientMajor(name) {
        const text = await collectOutput({
            label: name,
            file: this.program(name),
            args: ['--version'],
            env: this.environment(undefined),
            timeoutMs: 30_000,
            hint: 'Install PostgreSQL\'s programs: the package postgresql-client, or name their folder as "programs".',
        });
        const major = /\(PostgreSQL\) (\d+)/.exec(text)?.[1];
        if (major === undefined)
            throw new SourceError(`${name} does not tell its version: "${text.trim().slice(0, 80)}".`);
        return Number(major);
    }
    [Symbol.dispose]() {
        this.#passwordFile?.[Symbol.dispose]();
    }
}
