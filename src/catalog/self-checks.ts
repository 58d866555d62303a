import type {Database} from 'better-sqlite3';

/** What is remembered of one stored object. Times are in ms since the epoch. */
export interface CheckedObject {
  readonly object: string;
  /** When it was last read and compared. */
  readonly at: number;
  /** What was wrong with it. */
  readonly problem: string | null;
}

/** How far the checks of a source in a place are. */
export interface CheckState {
  /** What had to be read until then was read. */
  readonly since: number;
  /** When it was last looked up whether everything is there. */
  readonly listed: number;
}

/** Which stored objects backups have looked at again, and what they found. If it is lost, they begin anew: nothing else is. */
export class SelfCheckTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  state(place: string, source: string): CheckState | undefined {
    return this.#database
      .prepare('SELECT since, listed FROM check_state WHERE place = ? AND source = ?')
      .get(place, source) as CheckState | undefined;
  }

  setState(place: string, source: string, {since, listed}: CheckState): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO check_state (place, source, since, listed) VALUES (?, ?, ?, ?)')
      .run(place, source, Math.round(since), listed);
  }

  checked(place: string, source: string): CheckedObject[] {
    return this.#database
      .prepare('SELECT object, at, problem FROM checked WHERE place = ? AND source = ?')
      .all(place, source) as CheckedObject[];
  }

  /** Those with which something was wrong. */
  damaged(place: string, source: string): CheckedObject[] {
    return this.checked(place, source).filter(({problem}) => problem !== null);
  }

  note(place: string, source: string, {object, at, problem}: CheckedObject): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO checked (place, source, object, at, problem) VALUES (?, ?, ?, ?, ?)')
      .run(place, source, object, at, problem);
  }

  /** Of an object that nothing needs any more. */
  forget(place: string, source: string, object: string): void {
    this.#database
      .prepare('DELETE FROM checked WHERE place = ? AND source = ? AND object = ?')
      .run(place, source, object);
  }
}
