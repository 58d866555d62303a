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
  readonly #partsFrom: Statement;
  readonly #tree: Statement;
  readonly #addTree: Statement;
  readonly #addNext: Statement;
  readonly #addGone: Statement;
  readonly #below: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#partsFrom = database
      .prepare(
        'SELECT path, tree, names, stats FROM directory WHERE source = ? AND path >= ? AND generation = ? ORDER BY path, part',
      )
      .raw();
    this.#tree = database.prepare('SELECT content FROM tree WHERE generation = ? AND id = ?').pluck();
    this.#addTree = database.prepare('INSERT OR IGNORE INTO tree (generation, id, content) VALUES (?, ?, ?)');
    this.#addNext = database.prepare(
      'INSERT INTO directory_next (source, path, part, tree, names, stats) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#addGone = database.prepare('INSERT OR IGNORE INTO directory_gone VALUES (?, ?)');
    this.#below = database.prepare(
      'SELECT path, names FROM directory WHERE source = ? AND generation = ? AND (path = ? OR (path >= ? AND path < ?))',
    );
  }

  /**
   * The directories at the last snapshot, in byte order of their paths, from `path` on; those of another generation are passed over.
   * Nothing else may be asked of the catalog until the iterator is closed.
   */
  *from(source: string, generation: number, path: Buffer): Generator<{path: Buffer; parts: DirectoryPart[]}> {
    let current: {path: Buffer; parts: DirectoryPart[]} | undefined;
    for (const row of this.#partsFrom.iterate(source, path, generation)) {
      const [at, tree, names, stats] = row as [Buffer, Buffer, Buffer, Buffer];
      if (current === undefined || !current.path.equals(at)) {
        if (current !== undefined) yield current;
        current = {path: at, parts: []};
      }
      current.parts.push({tree, names, stats});
    }
    if (current !== undefined) yield current;
  }

  /** The parts of a directory and of everything below it. */
  below(source: string, generation: number, path: Buffer): {path: Buffer; names: Buffer}[] {
    const [from, to] = [Buffer.concat([path, Buffer.from('/')]), Buffer.concat([path, Buffer.from('0')])];
    return this.#below.all(source, generation, path, from, to) as {path: Buffer; names: Buffer}[];
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
    this.#addGone.run(source, path);
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
