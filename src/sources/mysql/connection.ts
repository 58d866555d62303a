import {join} from 'node:path';
import type {MysqlConnection} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import {PrivateFile} from '../../system/private-file.ts';
import type {Secret} from '../../system/secret.ts';
import {withoutVariables} from '../stream/environment.ts';
import {collectOutput} from '../stream/program.ts';

/** MariaDB's programs, or MySQL's where those are not there. */
export interface MysqlPrograms {
  readonly client: string;
  readonly dump: string;
  readonly isMariaDb: boolean;
}

export const INSTALL_HINT =
  'Install the programs: the package mariadb-client (or default-mysql-client), or name their folder as "programs".';

/** How the programs reach a server: by a file of options that only they can read. */
export class MysqlAccess implements Disposable {
  readonly secrets: readonly Secret[];
  /** For messages. */
  readonly label: string;
  /** Arguments that come first, whatever the program. */
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #connection: MysqlConnection;
  readonly #file: PrivateFile;

  constructor(connection: MysqlConnection) {
    const {host, port, socket, user, password, tls} = connection;
    this.#connection = connection;
    this.env = withoutVariables(connection.hidden);
    this.secrets = password === undefined ? [] : [password];
    this.label = `the MySQL server${host === undefined && socket === undefined ? '' : ` at ${socket ?? host}`}`;
    const lines = [
      ['password', password?.reveal()],
      ['default-character-set', 'utf8mb4'],
    ].flatMap(([key, value]) => (value === undefined ? [] : [`${key}="${value.replaceAll('\\', '\\\\')}"`]));
    this.#file = new PrivateFile(['[client]', ...lines, ...(tls ? ['ssl'] : []), ''].join('\n'));
    // As arguments: MYSQL_HOST and ~/.my.cnf come after a file of ours, and must not lead to another server.
    const place = [
      ['host', host ?? (socket === undefined ? undefined : 'localhost')],
      ['port', port?.toString()],
      ['socket', socket],
      ['user', user],
    ].flatMap(([key, value]) => (value === undefined ? [] : [`--${key}=${value}`]));
    this.options = [`--defaults-extra-file=${this.#file.path}`, ...place];
  }

  /** @throws {@link SourceError} if there are none */
  async programs(): Promise<MysqlPrograms> {
    let failure: unknown;
    for (const [client, dump] of [
      ['mariadb', 'mariadb-dump'],
      ['mysql', 'mysqldump'],
    ] as const) {
      try {
        const file = this.#path(dump);
        const text = await collectOutput({
          label: dump,
          file,
          args: ['--version'],
          env: this.env,
          timeoutMs: 30_000,
          hint: INSTALL_HINT,
        });
        return {client: this.#path(client), dump: file, isMariaDb: text.includes('MariaDB')};
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  #path(program: string): string {
    return this.#connection.programs === undefined ? program : join(this.#connection.programs, program);
  }
}
