import type {Database, Statement} from 'better-sqlite3';

/** What is remembered of one part of a directory: its tree blob, the names in it, and the stats of each. */
export interface DirectoryPart {
  /** 32 bytes. */
  readonly tree: Buffer;
  /** Entry names as bytes, joined by NUL. */
  readonly names: Buffer;
  /** {@link STATS} signed 64-bit numbers per entry, in the machine's byte order. */
  readonly stats: Buffer;
}

/** Numbers kept of each entry: size, mtime in ns, ctime in ns, inode. */
export const STATS = 4;

/** The state of each source at its last sealed snapshot, the state that a running walk finds, and the trees' plaintext. */
export class DirectoryTable {
  readonly #database: Database;
  readonly #parts: Statement;
  readonly #tree: Statement;
  readonly #addTree: Statement;
  readonly #addNext: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#parts = database.prepare(
      'SELECT tree, names, stats FROM directory WHERE source = ? AND path = ? AND generation = ? ORDER BY part',
    );
    this.#tree = database.prepare('SELECT content FROM tree WHERE generation = ? AND id = ?').pluck();
    this.#addTree = database.prepare('INSERT OR IGNORE INTO tree (generation, id, content) VALUES (?, ?, ?)');
    this.#addNext = database.prepare(
      'INSERT INTO directory_next (source, path, part, tree, names, stats) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  /** A directory's parts at the last snapshot, in order; none if it was not there or belongs to another generation. */
  parts(source: string, generation: number, path: Buffer): DirectoryPart[] {
    return this.#parts.all(source, path, generation) as DirectoryPart[];
  }

  /** The parts of a directory and of everything below it. */
  below(source: string, generation: number, path: Buffer): {path: Buffer; names: Buffer}[] {
    const [from, to] = [Buffer.concat([path, Buffer.from('/')]), Buffer.concat([path, Buffer.from('0')])];
    return this.#database
      .prepare(
        'SELECT path, names FROM directory WHERE source = ? AND generation = ? AND (path = ? OR (path >= ? AND path < ?))',
      )
      .all(source, generation, path, from, to) as {path: Buffer; names: Buffer}[];
  }

  tree(generation: number, id: Buffer): Buffer | undefined {
    return this.#tree.get(generation, id) as Buffer | undefined;
  }

  addTree(generation: number, id: Buffer, content: Uint8Array): void {
    this.#addTree.run(generation, id, content);
  }

  /** Begins a walk: forgets what an interrupted one of this source left. Other sources may be walked at the same time. */
  beginWalk(source: string): void {
    for (const table of ['directory_next', 'directory_gone'])
      this.#database.prepare(`DELETE FROM ${table} WHERE source = ?`).run(source);
  }

  /** Notes the new state of a directory that changed. */
  noteChanged(source: string, path: Buffer, parts: readonly DirectoryPart[]): void {
    this.noteGone(source, path);
    parts.forEach(
      ({tree, names, stats}, part) => void this.#addNext.run(source, path, part, tree, names, stats),
    );
  }

  /** Notes that what was known of a directory is no longer true. */
  noteGone(source: string, path: Buffer): void {
    this.#database.prepare('INSERT OR IGNORE INTO directory_gone VALUES (?, ?)').run(source, path);
  }

  /** Takes over what the walk noted. Runs in the transaction that books the snapshot. */
  commitWalk(source: string, generation: number): void {
    this.#database
      .prepare(
        `DELETE FROM directory WHERE source = @source AND
         (generation <> @generation OR path IN (SELECT path FROM directory_gone WHERE source = @source))`,
      )
      .run({source, generation});
    this.#database
      .prepare(
        `INSERT INTO directory (source, path, part, generation, tree, names, stats)
         SELECT source, path, part, ?, tree, names, stats FROM directory_next WHERE source = ?`,
      )
      .run(generation, source);
    this.beginWalk(source);
  }

  /** Everything below has to be read again. */
  forgetSource(source: string): void {
    this.#database.prepare('DELETE FROM directory WHERE source = ?').run(source);
  }
}
