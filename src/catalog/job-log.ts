/** When jobs of the schedule last ran, and which run now: what survives a crash and a reboot. Not a cache, but losing it costs one run at most. */
import {closeSync, openSync, renameSync} from 'node:fs';
import {dirname} from 'node:path';
import Database from 'better-sqlite3';
import {makeFolders} from '../system/folders.ts';
import type {ProcessIdentity} from '../system/processes.ts';
import {unusable, writing} from './failures.ts';

/** What is known of a job. Times are in ms since 1970. */
export interface JobRecord {
  /** The last time that was dealt with: by a run, or by leaving it out. At first, when the job was first seen. */
  readonly plannedMs: number;
  /** When its last run started; null if there was none. */
  readonly startedMs: number | null;
  /** Null while it runs, and after it was cut off. */
  readonly finishedMs: number | null;
  /** Of the last run that ended; null if it was ended by a signal, or there was none. */
  readonly exitCode: number | null;
  /** How many runs there were for the time that was last dealt with. */
  readonly attempts: number;
  /** When a run of it last did its work, if with warnings; at first, when it was first seen. */
  readonly goodMs: number;
  /** Whose run it is, or was. */
  readonly pid: number;
  readonly processStarted: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS job (
    name TEXT PRIMARY KEY,
    planned_ms INTEGER NOT NULL,
    started_ms INTEGER,
    finished_ms INTEGER,
    exit_code INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    good_ms INTEGER NOT NULL,
    pid INTEGER NOT NULL DEFAULT 0,
    process_started TEXT NOT NULL DEFAULT ''
  ) STRICT;
`;
const COLUMNS =
  'planned_ms AS plannedMs, started_ms AS startedMs, finished_ms AS finishedMs, exit_code AS exitCode, attempts, good_ms AS goodMs, pid, process_started AS processStarted';
/** Exit codes with which the work was done. */
const GOOD = [0, 3];

export class JobLog implements Disposable {
  readonly path: string;
  readonly #database: Database.Database;

  private constructor(path: string, database: Database.Database) {
    this.path = path;
    this.#database = database;
  }

  /**
   * Opens it, made if it is not there. A damaged one is moved aside: then all jobs look new.
   * @throws CatalogError, LockedError
   */
  static open(path: string, onMovedAside?: (movedTo: string) => void): JobLog {
    try {
      return new JobLog(path, load(path));
    } catch (error) {
      if (!isDamage(error)) throw error instanceof Database.SqliteError ? unusable(path, error) : error;
      const movedTo = `${path}.damaged`;
      renameSync(path, movedTo);
      onMovedAside?.(movedTo);
      return new JobLog(path, load(path));
    }
  }

  get(name: string): JobRecord | undefined {
    return this.#database.prepare(`SELECT ${COLUMNS} FROM job WHERE name = ?`).get(name) as
      | JobRecord
      | undefined;
  }

  /** What is known of a job. One that was never seen is new now: nothing of it is due from before. */
  meet(name: string, nowMs: number): JobRecord {
    const known = this.get(name);
    if (known !== undefined) return known;
    this.#write('INSERT OR IGNORE INTO job (name, planned_ms, good_ms) VALUES (@name, @nowMs, @nowMs)', {
      name,
      nowMs,
    });
    return this.get(name) as JobRecord;
  }

  /** Takes all times up to one as dealt with, without a run. */
  skip(name: string, plannedMs: number): void {
    this.#write('UPDATE job SET planned_ms = @plannedMs WHERE name = @name', {name, plannedMs});
  }

  /** The clock has gone back: what was noted by the wrong one counts as of now. */
  resetTo(name: string, nowMs: number): void {
    this.#write('UPDATE job SET planned_ms = @nowMs, good_ms = min(good_ms, @nowMs) WHERE name = @name', {
      name,
      nowMs,
    });
  }

  /**
   * Notes that a run starts, if no other one is on.
   * @param mayRun looks at what is known at that moment
   */
  start(
    name: string,
    run: {plannedMs: number; nowMs: number; process: ProcessIdentity},
    mayRun: (record: JobRecord) => boolean,
  ): boolean {
    const {plannedMs, nowMs, process} = run;
    const take = this.#database.transaction(() => {
      const record = this.meet(name, nowMs);
      if (!mayRun(record)) return false;
      const isAgain = record.plannedMs === plannedMs && record.startedMs !== null;
      this.#write(
        'UPDATE job SET planned_ms = @plannedMs, started_ms = @nowMs, finished_ms = NULL, attempts = @attempts, pid = @pid, process_started = @started WHERE name = @name',
        {
          name,
          plannedMs,
          nowMs,
          attempts: isAgain ? record.attempts + 1 : 1,
          pid: process.pid,
          started: process.started,
        },
      );
      return true;
    });
    return writing(this.#database, () => take.immediate());
  }

  /** Notes which process does the work, once it runs. */
  runs(name: string, {pid, started}: ProcessIdentity): void {
    this.#write('UPDATE job SET pid = @pid, process_started = @started WHERE name = @name', {
      name,
      pid,
      started,
    });
  }

  /** @param exitCode null if a signal ended it */
  finish(name: string, {exitCode, nowMs}: {exitCode: number | null; nowMs: number}): void {
    this.#write(
      'UPDATE job SET finished_ms = @nowMs, exit_code = @exitCode, good_ms = iif(@isGood, @nowMs, good_ms) WHERE name = @name',
      {name, exitCode, nowMs, isGood: exitCode !== null && GOOD.includes(exitCode) ? 1 : 0},
    );
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #write(sql: string, values: Readonly<Record<string, string | number | null>>): void {
    writing(this.#database, () => this.#database.prepare(sql).run(values));
  }
}

function load(path: string): Database.Database {
  makeFolders(dirname(path), 0o700);
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, {timeout: 10_000});
  try {
    database.pragma('synchronous = FULL');
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code);
}
