import type {Database, Statement} from 'better-sqlite3';

export interface StoredPack {
  readonly name: string;
  readonly size: number;
}

/** The id of a blob of a pack; of a delta also that of its base. */
export type BookedBlob = Buffer | {readonly id: Buffer; readonly base: Buffer};

/** Which blobs lie in which acknowledged pack, and which packs no index object describes yet. */
export class BlobTable {
  readonly #database: Database;
  readonly #has: Statement;
  readonly #add: Statement;
  readonly #addDelta: Statement;
  readonly #isDelta: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#has = database.prepare('SELECT 1 FROM blob WHERE generation = ? AND id = ?').pluck();
    this.#add = database.prepare('INSERT OR IGNORE INTO blob (generation, id, pack) VALUES (?, ?, ?)');
    this.#addDelta = database.prepare('INSERT OR IGNORE INTO delta (generation, id, base) VALUES (?, ?, ?)');
    this.#isDelta = database.prepare('SELECT 1 FROM delta WHERE generation = ? AND id = ?').pluck();
  }

  has(generation: number, id: Buffer): boolean {
    return this.#has.get(generation, id) !== undefined;
  }

  /** Whether it is stored, and not as a delta: others may build on it. */
  isWhole(generation: number, id: Buffer): boolean {
    return this.has(generation, id) && this.#isDelta.get(generation, id) === undefined;
  }

  /** Whether nothing of the generation was stored so far. */
  isEmpty(generation: number): boolean {
    return (
      this.#database.prepare('SELECT 1 FROM blob WHERE generation = ? LIMIT 1').get(generation) === undefined
    );
  }

  /**
   * Books a pack whose upload was acknowledged.
   * @param record what the index will say of it; null when an index object does already
   */
  addPack(generation: number, pack: StoredPack, blobs: Iterable<BookedBlob>, record: string | null): void {
    this.#database
      .prepare('INSERT OR IGNORE INTO pack (generation, name, size, record) VALUES (?, ?, ?, ?)')
      .run(generation, pack.name, pack.size, record);
    const row = this.#database
      .prepare('SELECT id FROM pack WHERE generation = ? AND name = ?')
      .pluck()
      .get(generation, pack.name);
    for (const blob of blobs) {
      const id = Buffer.isBuffer(blob) ? blob : blob.id;
      // What is stored whole as well counts as whole.
      if (!Buffer.isBuffer(blob) && !this.has(generation, id)) this.#addDelta.run(generation, id, blob.base);
      this.#add.run(generation, id, row);
    }
  }

  /** Books a pack that stands in for others, described by an index object: from now on its blobs count as stored there. */
  addReplacement(generation: number, pack: StoredPack, blobs: readonly BookedBlob[]): void {
    const forget = ['blob', 'delta'].map((table) =>
      this.#database.prepare(`DELETE FROM ${table} WHERE generation = ? AND id = ?`),
    );
    for (const blob of blobs)
      for (const statement of forget) statement.run(generation, Buffer.isBuffer(blob) ? blob : blob.id);
    this.addPack(generation, pack, blobs, null);
  }

  /** Forgets packs that others stand in for, with what was in them alone, and deltas on that. @returns how many there were */
  dropPacks(generation: number, names: readonly string[]): number {
    const given = {generation, names: JSON.stringify(names)};
    const those = 'generation = @generation AND name IN (SELECT value FROM json_each(@names))';
    this.#database
      .prepare(
        `DELETE FROM blob WHERE generation = @generation AND pack IN (SELECT id FROM pack WHERE ${those})`,
      )
      .run(given);
    const {changes} = this.#database.prepare(`DELETE FROM pack WHERE ${those}`).run(given);
    if (changes === 0) return 0;
    const known = 'IN (SELECT id FROM blob WHERE generation = @generation)';
    this.#database
      .prepare(
        `DELETE FROM blob WHERE generation = @generation AND id IN
           (SELECT id FROM delta WHERE generation = @generation AND base NOT ${known})`,
      )
      .run({generation});
    this.#database
      .prepare(`DELETE FROM delta WHERE generation = @generation AND id NOT ${known}`)
      .run({generation});
    return changes;
  }

  packs(generation: number): StoredPack[] {
    return this.#database
      .prepare('SELECT name, size FROM pack WHERE generation = ? ORDER BY name')
      .all(generation) as StoredPack[];
  }

  indexObjects(generation: number): StoredPack[] {
    return this.#database
      .prepare('SELECT name, size FROM index_object WHERE generation = ? ORDER BY name')
      .all(generation) as StoredPack[];
  }

  /** What the index has to say of packs that no index object describes yet. */
  unindexed(generation: number): {name: string; record: string}[] {
    return this.#database
      .prepare('SELECT name, record FROM pack WHERE generation = ? AND record IS NOT NULL ORDER BY id')
      .all(generation) as {name: string; record: string}[];
  }

  /** Books an index object that was stored and describes these packs. */
  addIndex(generation: number, index: StoredPack, packs: readonly string[]): void {
    this.#database
      .prepare('INSERT OR IGNORE INTO index_object (generation, name, size) VALUES (?, ?, ?)')
      .run(generation, index.name, index.size);
    const indexed = this.#database.prepare('UPDATE pack SET record = NULL WHERE generation = ? AND name = ?');
    for (const name of packs) indexed.run(generation, name);
  }

  /** Forgets a pack that is no longer stored, and those with deltas on its blobs: what is in them will be stored again. */
  forgetPack(generation: number, name: string): void {
    const building = this.#database
      .prepare(
        `SELECT DISTINCT blob.pack FROM delta JOIN blob ON blob.generation = delta.generation AND blob.id = delta.id
         WHERE delta.generation = @generation AND delta.base IN
           (SELECT id FROM blob WHERE generation = @generation AND pack = (SELECT id FROM pack WHERE generation = @generation AND name = @name))`,
      )
      .pluck()
      .all({generation, name}) as number[];
    const lost = this.#database
      .prepare('SELECT id FROM pack WHERE generation = ? AND name = ?')
      .pluck()
      .get(generation, name) as number | undefined;
    if (lost !== undefined)
      this.#database
        .prepare(
          'INSERT OR IGNORE INTO lost_blob SELECT generation, ?, id FROM blob WHERE generation = ? AND pack = ?',
        )
        .run(name, generation, lost);
    for (const pack of new Set([...building, ...(lost === undefined ? [] : [lost])])) {
      this.#database
        .prepare(
          'DELETE FROM delta WHERE generation = @generation AND id IN (SELECT id FROM blob WHERE generation = @generation AND pack = @pack)',
        )
        .run({generation, pack});
      this.#database.prepare('DELETE FROM blob WHERE generation = ? AND pack = ?').run(generation, pack);
      this.#database.prepare('DELETE FROM pack WHERE id = ?').run(pack);
    }
  }

  /** How many blobs the lost pack had, and how many of them are stored in another one by now. */
  regained(generation: number, pack: string): {lost: number; regained: number} {
    return this.#database
      .prepare(
        `SELECT count(*) AS lost, count(blob.id) AS regained FROM lost_blob LEFT JOIN blob
         ON blob.generation = lost_blob.generation AND blob.id = lost_blob.id
         WHERE lost_blob.generation = ? AND lost_blob.pack = ?`,
      )
      .get(generation, pack) as {lost: number; regained: number};
  }

  /** Blobs that were in lost packs and are in no other one. */
  lost(generation: number): Buffer[] {
    return this.#database
      .prepare(
        `SELECT DISTINCT id FROM lost_blob WHERE generation = @generation
         AND NOT EXISTS (SELECT 1 FROM blob WHERE generation = @generation AND blob.id = lost_blob.id)`,
      )
      .pluck()
      .all({generation}) as Buffer[];
  }

  /** Forgets all packs, blobs and index objects of a generation. */
  forgetGeneration(generation: number): void {
    for (const table of ['blob', 'delta', 'pack', 'index_object']) {
      this.#database.prepare(`DELETE FROM ${table} WHERE generation = ?`).run(generation);
    }
  }

  count(): number {
    return this.#database.prepare('SELECT count(*) FROM blob').pluck().get() as number;
  }
}
