import type {Database} from 'better-sqlite3';
import {writing} from './failures.ts';

export interface MeasuredSize {
  /** What the last count gave, and what this machine has stored since. */
  readonly bytes: number;
  /** When everything was counted, in ms since the epoch. */
  readonly countedMs: number;
}

/** How much lies in a repository, by the label of its place; kept in `meta`, so that not every run has to list everything. */
export class SizeTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(place: string): MeasuredSize | undefined {
    const [bytes, countedMs] = [this.#get(`size ${place}`), this.#get(`sized ${place}`)];
    return bytes === undefined || countedMs === undefined
      ? undefined
      : {bytes: Number(bytes), countedMs: Number(countedMs)};
  }

  set(place: string, {bytes, countedMs}: MeasuredSize): void {
    const set = this.#database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    writing(this.#database, () =>
      this.#database.transaction(() => {
        set.run(`size ${place}`, String(bytes));
        set.run(`sized ${place}`, String(countedMs));
      })(),
    );
  }

  /** Notes what was stored; nothing where nobody has counted yet. */
  add(place: string, bytes: number): void {
    this.#database
      .prepare('UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ? AS TEXT) WHERE key = ?')
      .run(bytes, `size ${place}`);
  }

  #get(key: string): string | undefined {
    return this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) as
      | string
      | undefined;
  }
}
