import type {Database} from 'better-sqlite3';
import {writing} from './failures.ts';

/** A stored object as a seal names it. */
export interface ObjectFacts {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

export interface ChunkerRow {
  /** base64. */
  readonly seed: string;
  readonly min: number;
  readonly maskBits: number;
  readonly max: number;
}

/** What this machine knows of a generation it started or may go on in. */
export interface GenerationRow {
  readonly source: string;
  readonly name: string;
  readonly created: string;
  /** Armored. */
  readonly publicKey: string;
  readonly blobIdKey: Buffer;
  readonly chunker: ChunkerRow;
  readonly secrets: readonly ObjectFacts[];
  /** Fingerprints. */
  readonly recipients: readonly string[];
}

export interface StoredGeneration extends GenerationRow {
  readonly id: number;
}

type Raw = Record<
  'source' | 'name' | 'created' | 'public_key' | 'chunker' | 'secrets' | 'recipients',
  string
> & {
  id: number;
  blob_id_key: Buffer;
};

export class GenerationTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  add(row: GenerationRow): StoredGeneration {
    const insert = this.#database.prepare(
      `INSERT INTO generation (source, name, created, public_key, blob_id_key, chunker, secrets, recipients)
         VALUES (@source, @name, @created, @publicKey, @blobIdKey, @chunker, @secrets, @recipients)
         ON CONFLICT (source, name) DO NOTHING`,
    );
    writing(this.#database, () =>
      insert.run({
        ...row,
        chunker: JSON.stringify(row.chunker),
        secrets: JSON.stringify(row.secrets),
        recipients: JSON.stringify(row.recipients),
      }),
    );
    return this.find(row.source, row.name) as StoredGeneration;
  }

  find(source: string, name: string): StoredGeneration | undefined {
    const raw = this.#database
      .prepare('SELECT * FROM generation WHERE source = ? AND name = ?')
      .get(source, name);
    return raw === undefined ? undefined : stored(raw as Raw);
  }

  /** The newest generation of a source, by name. */
  newest(source: string): StoredGeneration | undefined {
    const raw = this.#database
      .prepare('SELECT * FROM generation WHERE source = ? ORDER BY name DESC LIMIT 1')
      .get(source);
    return raw === undefined ? undefined : stored(raw as Raw);
  }

  /** Forgets a generation that is no longer stored, with its blobs, trees and snapshots. */
  forget({id, source, name}: StoredGeneration): void {
    for (const table of ['blob', 'delta', 'tree', 'index_object', 'pack', 'lost_blob'])
      this.#database.prepare(`DELETE FROM ${table} WHERE generation = ?`).run(id);
    this.#database.prepare('DELETE FROM snapshot WHERE source = ? AND generation = ?').run(source, name);
    this.#database.prepare('DELETE FROM generation WHERE id = ?').run(id);
  }

  all(): StoredGeneration[] {
    return (this.#database.prepare('SELECT * FROM generation ORDER BY source, name').all() as Raw[]).map(
      stored,
    );
  }
}

function stored(raw: Raw): StoredGeneration {
  return {
    id: raw.id,
    source: raw.source,
    name: raw.name,
    created: raw.created,
    publicKey: raw.public_key,
    blobIdKey: raw.blob_id_key,
    chunker: JSON.parse(raw.chunker) as ChunkerRow,
    secrets: JSON.parse(raw.secrets) as ObjectFacts[],
    recipients: JSON.parse(raw.recipients) as string[],
  };
}
