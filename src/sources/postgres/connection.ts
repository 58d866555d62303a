import {join} from 'node:path';
import type {PostgresConnection} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import {PrivateFile} from '../../system/private-file.ts';
import type {Secret} from '../../system/secret.ts';
import {withoutVariables} from '../stream/environment.ts';
import {collectOutput} from '../stream/program.ts';

export type PostgresProgram = 'psql' | 'pg_dump' | 'pg_dumpall' | 'pg_restore';

/** How PostgreSQL's programs reach a server: by their environment, with the password in a file that only they can read. */
export class PostgresAccess implements Disposable {
  readonly secrets: readonly Secret[];
  /** For messages. */
  readonly label: string;
  readonly #connection: PostgresConnection;
  readonly #passwordFile: PrivateFile | undefined;

  constructor(connection: PostgresConnection) {
    const {host, port, password} = connection;
    this.#connection = connection;
    this.secrets = password === undefined ? [] : [password];
    this.label = `the PostgreSQL server${host === undefined ? '' : ` at ${host}${port === undefined ? '' : `:${port}`}`}`;
    if (password !== undefined) {
      const escaped = password.reveal().replaceAll(/[\\:]/g, '\\$&');
      this.#passwordFile = new PrivateFile(`*:*:*:*:${escaped}\n`);
    }
  }

  program(name: PostgresProgram): string {
    return this.#connection.programs === undefined ? name : join(this.#connection.programs, name);
  }

  /** @param database what to connect to; undefined for what libpq takes by itself */
  environment(database: string | undefined): Record<string, string | undefined> {
    const {host, port, user, sslmode, sslrootcert} = this.#connection;
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
    // What the surroundings say would win over the host, and over the file with the password.
    return {
      ...withoutVariables(this.#connection.hidden),
      ...given,
      ...(host === undefined ? {} : {PGHOSTADDR: undefined, PGSERVICE: undefined}),
      ...(this.#passwordFile === undefined ? {} : {PGPASSWORD: undefined}),
    };
  }

  /** The major version of a program. @throws {@link SourceError} if it is not there */
  async clientMajor(name: PostgresProgram): Promise<number> {
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

  [Symbol.dispose](): void {
    this.#passwordFile?.[Symbol.dispose]();
  }
}
