/** A conversation with a server through psql: one transaction can stay open while other programs use its snapshot. */
import {randomBytes} from 'node:crypto';
import {createInterface} from 'node:readline';
import {SourceError} from '../../errors.ts';
import {WITHOUT_SECRETS} from '../stream/environment.ts';
import {Said} from '../stream/said.ts';
import type {PostgresAccess} from './connection.ts';

type Psql = ReturnType<typeof startPsql>;

/** A statement failed; the session goes on. */
export class SqlError extends Error {
  readonly sqlState: string;

  constructor(message: string, sqlState: string) {
    super(message);
    this.sqlState = sqlState;
  }
}

export class PostgresSession implements AsyncDisposable {
  readonly #psql: Psql;
  readonly #lines: AsyncIterator<string>;
  readonly #said: Said;
  readonly #label: string;
  readonly #mark = `end-${randomBytes(8).toString('hex')}`;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.#psql.kill('SIGKILL');
  #isClosed = false;

  private constructor(psql: Psql, access: PostgresAccess, signal: AbortSignal | undefined) {
    this.#psql = psql;
    this.#label = access.label;
    this.#said = new Said(access.secrets);
    psql.stderr.on('data', (piece: Buffer) => this.#said.add(piece));
    psql.stdin.on('error', () => {}); // A server that goes away is told by the output's end.
    this.#lines = createInterface({input: psql.stdout})[Symbol.asyncIterator]();
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** @throws {@link SourceError} if the server cannot be reached, with what it said */
  static async open(
    access: PostgresAccess,
    database: string | undefined,
    signal?: AbortSignal,
  ): Promise<PostgresSession> {
    const {execa} = await import('execa');
    const psql = startPsql(execa, access, database);
    const session = new PostgresSession(psql, access, signal);
    try {
      await session.run(
        `SET datestyle='ISO, YMD'; SET intervalstyle=postgres; SET timezone='UTC'; SET extra_float_digits=3; SET bytea_output=hex;
         SET lc_monetary='C'; SET search_path=pg_catalog; SET xmlbinary=base64; SET row_security=off; SET standard_conforming_strings=on;
         SET statement_timeout=0; SET lock_timeout='10min'; SET client_min_messages=warning`,
      );
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Runs statements and gives the values of the rows, which must be of one JSON column each.
   * @throws {@link SqlError} if the last one fails; {@link SourceError} if the server has gone
   */
  async run<T>(sql: string): Promise<T[]> {
    this.#psql.stdin.write(`${sql};\n\\echo ${this.#mark} :ERROR :SQLSTATE :LAST_ERROR_MESSAGE\n`);
    const values: T[] = [];
    for (;;) {
      const {done, value} = await this.#lines.next();
      if (done === true) throw await this.#gone();
      if (value.startsWith(this.#mark)) {
        const [, failed, state = '', ...message] = value.split(' ');
        if (failed === 'true') throw new SqlError(message.join(' '), state);
        return values;
      }
      if (value !== '') values.push(JSON.parse(value) as T);
    }
  }

  /** The one row of a query. */
  async one<T>(sql: string): Promise<T> {
    const [value] = await this.run<T>(sql);
    if (value === undefined) throw new SqlError('The query gave no row.', '02000');
    return value;
  }

  /** Doing it again changes nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#psql.stdin.end('\n\\q\n');
    const forced = setTimeout(() => this.#psql.kill('SIGKILL'), 3000);
    await this.#psql;
    clearTimeout(forced);
  }

  async #gone(): Promise<Error> {
    const {code} = await this.#psql;
    this.#signal?.throwIfAborted();
    if (code === 'ENOENT') {
      return new SourceError('psql is not there.', {
        hint: 'Install PostgreSQL\'s programs: the package postgresql-client, or name their folder as "programs".',
      });
    }
    return new SourceError(`No connection to ${this.#label}${this.#said.asEnding()}.`, {
      hint: 'Check host, port, user and password; a password may stand in ~/.pgpass, or come as ${env:NAME}.',
    });
  }
}

function startPsql(
  execa: typeof import('execa').execa,
  access: PostgresAccess,
  database: string | undefined,
) {
  return execa(
    access.program('psql'),
    ['--no-psqlrc', '--no-align', '--tuples-only', '--quiet', '--no-password'],
    {
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      env: {...WITHOUT_SECRETS, ...access.environment(database)},
    },
  );
}

/** A string as a literal of SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an identifier of SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
