import type {Database} from 'better-sqlite3';
import {writing} from './failures.ts';

/** What this machine knows of the several places that hold the same backups; kept in `meta`. Places are known by their labels. */
export class PlaceTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The name of the newest seal of a source that a place was seen to have. */
  newestSeal(place: string, source: string): string | undefined {
    return this.#get(`held ${source} ${place}`);
  }

  setNewestSeal(place: string, source: string, seal: string): void {
    this.#set(`held ${source} ${place}`, seal);
  }

  /** A seal that was about to be stored when this machine last heard of it: it may be there or not. */
  pendingSeal(source: string): {readonly place: string; readonly seal: string} | undefined {
    const value = this.#get(`sealing ${source}`);
    return value === undefined ? undefined : JSON.parse(value);
  }

  setPendingSeal(source: string, pending: {readonly place: string; readonly seal: string}): void {
    this.#set(`sealing ${source}`, JSON.stringify(pending));
  }

  clearPendingSeal(source: string): void {
    writing(this.#database, () =>
      this.#database.prepare('DELETE FROM meta WHERE key = ?').run(`sealing ${source}`),
    );
  }

  /** What a place told of itself at `init`, as JSON. */
  provider(place: string): string | undefined {
    return this.#get(`provider ${place}`);
  }

  setProvider(place: string, facts: string): void {
    this.#set(`provider ${place}`, facts);
  }

  #get(key: string): string | undefined {
    return this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) as
      | string
      | undefined;
  }

  #set(key: string, value: string): void {
    writing(this.#database, () =>
      this.#database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value),
    );
  }
}
