import type {Database} from 'better-sqlite3';

export interface SnapshotRow {
  readonly source: string;
  readonly sequence: number;
  readonly id: string;
  /** Name of the generation. */
  readonly generation: string;
  /** SHA-256 of the signed payload. */
  readonly sealSha256: string;
  /** The signed payload. */
  readonly seal: string;
  /** The root entry as a line of a tree, where this machine knows it. */
  readonly root: string | null;
}

/** What the catalog takes of a checked seal. */
export interface AdoptedSeal {
  readonly source: string;
  readonly sequence: number;
  readonly generation: string;
  readonly snapshot: {readonly id: string};
  readonly hash: string;
  readonly payload: string;
}

type Raw = Omit<SnapshotRow, 'sealSha256'> & {seal_sha256: string};

/** Seals that this machine made or adopted, and the history of its runs. */
export class SnapshotTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  add(row: SnapshotRow): void {
    this.#database
      .prepare(
        `INSERT INTO snapshot (source, sequence, id, generation, seal_sha256, seal, root)
         VALUES (@source, @sequence, @id, @generation, @sealSha256, @seal, @root)
         ON CONFLICT (source, sequence) DO UPDATE SET root = coalesce(excluded.root, root)`,
      )
      .run(row);
  }

  /** Books a seal found in the repository. What its trees hold stays closed to this machine. */
  adopt(seal: AdoptedSeal): void {
    this.add({
      source: seal.source,
      sequence: seal.sequence,
      id: seal.snapshot.id,
      generation: seal.generation,
      sealSha256: seal.hash,
      seal: seal.payload,
      root: null,
    });
  }

  /** Takes these for the seals of a source, instead of those that were booked. */
  replaceAll(source: string, seals: readonly AdoptedSeal[]): void {
    const known = new Set(seals.map((seal) => seal.hash));
    const booked = this.#database
      .prepare('SELECT sequence, seal_sha256 AS hash FROM snapshot WHERE source = ?')
      .all(source) as {sequence: number; hash: string}[];
    const remove = this.#database.prepare('DELETE FROM snapshot WHERE source = ? AND sequence = ?');
    for (const {sequence, hash} of booked) if (!known.has(hash)) remove.run(source, sequence);
    for (const seal of seals) this.adopt(seal);
  }

  newest(source: string): SnapshotRow | undefined {
    return row(
      this.#database
        .prepare('SELECT * FROM snapshot WHERE source = ? ORDER BY sequence DESC LIMIT 1')
        .get(source),
    );
  }

  /** The newest that is not suspect. */
  newestGood(source: string): SnapshotRow | undefined {
    return this.#newestWhere(source, "json_type(seal, '$.suspect') IS NULL");
  }

  newestFull(source: string): SnapshotRow | undefined {
    return this.#newestWhere(source, "json_extract(seal, '$.kind') = 'full'");
  }

  /** Which snapshots of a source have which seals. */
  all(source: string): {readonly id: string; readonly sealSha256: string}[] {
    return this.#database
      .prepare('SELECT id, seal_sha256 AS sealSha256 FROM snapshot WHERE source = ?')
      .all(source) as {id: string; sealSha256: string}[];
  }

  find(id: string): SnapshotRow | undefined {
    return row(this.#database.prepare('SELECT * FROM snapshot WHERE id = ?').get(id));
  }

  /** Contents of the last good dump of a source, as JSON. */
  lastGood(source: string): string | undefined {
    return this.#database.prepare('SELECT contents FROM last_good WHERE source = ?').pluck().get(source) as
      | string
      | undefined;
  }

  keepLastGood(source: string, contents: string): void {
    this.#database.prepare('INSERT OR REPLACE INTO last_good VALUES (?, ?)').run(source, contents);
  }

  count(): number {
    return this.#database.prepare('SELECT count(*) FROM snapshot').pluck().get() as number;
  }

  #newestWhere(source: string, condition: string): SnapshotRow | undefined {
    return row(
      this.#database
        .prepare(`SELECT * FROM snapshot WHERE source = ? AND ${condition} ORDER BY sequence DESC LIMIT 1`)
        .get(source),
    );
  }

  startRun(source: string, started: string): number {
    return Number(
      this.#database.prepare('INSERT INTO run (source, started) VALUES (?, ?)').run(source, started)
        .lastInsertRowid,
    );
  }

  finishRun(run: number, finished: string, outcome: string, seconds: number): void {
    this.#database
      .prepare('UPDATE run SET finished = ?, outcome = ?, seconds = ? WHERE id = ?')
      .run(finished, outcome, seconds, run);
  }
}

function row(raw: unknown): SnapshotRow | undefined {
  if (raw === undefined) return undefined;
  const {seal_sha256: sealSha256, ...rest} = raw as Raw;
  return {...rest, sealSha256};
}
