import type {Database} from 'better-sqlite3';
import {writing} from './failures.ts';

export interface LockHolder {
  readonly pid: number;
  /** When that process started, as the system tells it: a pid alone may be somebody else's by now. */
  readonly processStarted: string;
  readonly host: string;
  readonly since: string;
}

/** One run per source on this machine. */
export class LockTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Takes the lock, or returns who has it.
   * @param isAlive whether a holder still runs; one that does not is replaced
   */
  take(source: string, me: LockHolder, isAlive: (holder: LockHolder) => boolean): LockHolder | undefined {
    const take = this.#database.transaction(() => {
      const raw = this.#database
        .prepare('SELECT pid, process_started AS processStarted, host, since FROM lock WHERE source = ?')
        .get(source) as LockHolder | undefined;
      if (raw !== undefined && isAlive(raw)) return raw;
      this.#database
        .prepare(
          'INSERT OR REPLACE INTO lock (source, pid, process_started, host, since) VALUES (?, @pid, @processStarted, @host, @since)',
        )
        .run(source, me);
      return undefined;
    });
    return writing(this.#database, () => take.immediate());
  }

  release(source: string, me: LockHolder): void {
    writing(this.#database, () =>
      this.#database
        .prepare('DELETE FROM lock WHERE source = ? AND pid = ? AND process_started = ?')
        .run(source, me.pid, me.processStarted),
    );
  }
}
