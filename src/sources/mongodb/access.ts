import {join} from 'node:path';
import type {MongodbConnection} from '../../config/source-types.ts';
import {PrivateFile} from '../../system/private-file.ts';
import type {Secret} from '../../system/secret.ts';
import {withoutVariables} from '../stream/environment.ts';

/** How mongodump and mongorestore reach a server: with the password in a file that only they can read. */
export class MongodbAccess implements Disposable {
  readonly secrets: readonly Secret[];
  /** Arguments that come first, whatever the program. */
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #programs: string | undefined;
  readonly #file: PrivateFile;

  constructor({uri, password, programs, hidden}: MongodbConnection) {
    this.env = {MONGODB_PASSWORD: undefined, ...withoutVariables(hidden)};
    this.secrets = password === undefined ? [] : [password];
    this.#programs = programs;
    // The file of options is YAML, of which JSON is a part.
    this.#file = new PrivateFile(
      password === undefined ? '{}' : JSON.stringify({password: password.reveal()}),
    );
    this.options = [`--config=${this.#file.path}`, `--uri=${uri}`];
  }

  program(name: 'mongodump' | 'mongorestore'): string {
    return this.#programs === undefined ? name : join(this.#programs, name);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
