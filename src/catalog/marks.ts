import type {Database} from 'better-sqlite3';

/** Which marks of a source this catalog took into account: a short text that is another one as soon as the marks are others. */
export class MarkTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Empty before the first mark. */
  known(source: string): string {
    const key = `marks:${source}`;
    const value = this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key);
    return typeof value === 'string' ? value : '';
  }

  know(source: string, digest: string): void {
    this.#database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(`marks:${source}`, digest);
  }
}
