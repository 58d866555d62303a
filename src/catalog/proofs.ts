import type {Database} from 'better-sqlite3';
import {writing} from './failures.ts';

/** When drills last proved the sources, so that their reports are read once; kept in `meta`. */
export class ProofTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Which reports a place had when they were last read. */
  state(place: string): string | undefined {
    return this.#get(`drills ${place}`);
  }

  setState(place: string, state: string): void {
    this.#set(`drills ${place}`, state);
  }

  /** ISO 8601. */
  last(source: string): string | undefined {
    return this.#get(`proven ${source}`);
  }

  setLast(source: string, time: string | undefined): void {
    this.#set(`proven ${source}`, time);
  }

  #get(key: string): string | undefined {
    return this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) as
      | string
      | undefined;
  }

  #set(key: string, value: string | undefined): void {
    writing(this.#database, () =>
      value === undefined
        ? this.#database.prepare('DELETE FROM meta WHERE key = ?').run(key)
        : this.#database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value),
    );
  }
}
