/** A conversation with a server through its client: one transaction can stay open while the dump runs. */
import {randomBytes} from 'node:crypto';
import {createInterface} from 'node:readline';
import {SourceError} from '../../errors.ts';
import {WITHOUT_SECRETS} from '../stream/environment.ts';
import {Said} from '../stream/said.ts';
import {INSTALL_HINT, type MysqlAccess} from './connection.ts';

type Client = ReturnType<typeof startClient>;

export class MysqlSession implements AsyncDisposable {
  readonly #client: Client;
  readonly #lines: AsyncIterator<string>;
  readonly #said: Said;
  readonly #label: string;
  readonly #mark = `end-${randomBytes(8).toString('hex')}`;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.#client.kill('SIGKILL');

  private constructor(client: Client, access: MysqlAccess, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#label = access.label;
    this.#said = new Said(access.secrets);
    client.stderr.on('data', (piece: Buffer) => this.#said.add(piece));
    client.stdin.on('error', () => {}); // A server that goes away is told by the output's end.
    this.#lines = createInterface({input: client.stdout})[Symbol.asyncIterator]();
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** @throws {@link SourceError} if the server cannot be reached, with what it said */
  static async open(access: MysqlAccess, program: string, signal?: AbortSignal): Promise<MysqlSession> {
    const {execa} = await import('execa');
    const session = new MysqlSession(startClient(execa, access, program), access, signal);
    try {
      await session.run(
        `SET SESSION time_zone = '+00:00', sql_mode = '', lock_wait_timeout = 600, group_concat_max_len = 1048576`,
      );
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Runs statements and gives the values of the rows, which must be of one JSON column each.
   * @throws {@link SourceError} if one fails: that ends the session
   */
  async run<T>(sql: string): Promise<T[]> {
    this.#client.stdin.write(`${sql};\nSELECT '${this.#mark}';\n`);
    const values: T[] = [];
    for (;;) {
      const {done, value} = await this.#lines.next();
      if (done === true) throw await this.#gone();
      if (value === this.#mark) return values;
      values.push(JSON.parse(value) as T);
    }
  }

  /** The one row of a query. */
  async one<T>(sql: string): Promise<T> {
    const [value] = await this.run<T>(sql);
    if (value === undefined) throw new SourceError(`${this.#label} gave no answer to a question.`);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#client.stdin.end();
    const forced = setTimeout(() => this.#client.kill('SIGKILL'), 3000);
    await this.#client;
    clearTimeout(forced);
  }

  async #gone(): Promise<Error> {
    const {code} = await this.#client;
    this.#signal?.throwIfAborted();
    if (code === 'ENOENT')
      return new SourceError('The client of MariaDB or MySQL is not there.', {hint: INSTALL_HINT});
    return new SourceError(`The connection to ${this.#label} ended${this.#said.asEnding()}.`, {
      hint: 'Check host, port, user, password and rights; a password may stand in ~/.my.cnf, or come as ${env:NAME}.',
    });
  }
}

function startClient(execa: typeof import('execa').execa, {options, env}: MysqlAccess, program: string) {
  return execa(
    program,
    [...options, '--batch', '--raw', '--skip-column-names', '--unbuffered', '--skip-reconnect'],
    {
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      env: {...WITHOUT_SECRETS, ...env},
    },
  );
}

/** A string as a literal of SQL, whatever the mode. */
export function literal(text: string): string {
  return text === '' ? "''" : `CONVERT(x'${Buffer.from(text).toString('hex')}' USING utf8mb4)`;
}

/** A name as an identifier of SQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
