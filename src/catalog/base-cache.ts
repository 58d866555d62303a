/**
 * Chunks of the last version of a dump, so that chunks of the next one can be stored as what differs from them: this machine cannot read
 * its packs. Encrypted with a key that only the agent can open; bounded; may be deleted at any time.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import {closeSync, fchmodSync, openSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import Database from 'better-sqlite3';
import {makeFolders} from '../system/folders.ts';
import {type Mac, newMac} from '../system/linked.ts';
import {release} from '../system/memory.ts';

export interface BaseCacheOptions {
  /** What the chunks belong to; those of another generation are dropped. */
  readonly generation: string;
  /** How much it may hold. Not compressed: that would cost as much time as the backup itself. */
  readonly mostBytes: number;
  /** Wraps a fresh key for its file. */
  seal(key: Buffer): Promise<Uint8Array>;
  /** The key of an existing one. @throws if it cannot be had */
  open(sealed: Uint8Array): Promise<Uint8Array>;
}

/** A whole blob that may serve as a base. */
export interface Base {
  readonly number: number;
  /** 32 bytes. */
  readonly id: Buffer;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What stands before a cut tells where in the content it is. */
const MARK_BYTES = 64;
const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE base (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, content BLOB NOT NULL) STRICT;
  -- Where the base of a chunk is found again: what stood before its first byte, and what its last bytes were. With its id, for the rows of base are long.
  CREATE TABLE mark (mark BLOB PRIMARY KEY, base INTEGER NOT NULL, id BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE mark_next (mark BLOB PRIMARY KEY, base INTEGER NOT NULL, id BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** One run uses it at a time. What a run adds is kept when it is {@link keep | kept}. */
export class BaseCache implements Disposable {
  readonly #database: Database.Database;
  readonly #key: KeyObject;
  readonly #mac: Mac;
  readonly #mostBytes: number;
  readonly #findMark: Database.Statement;
  readonly #readBase: Database.Statement;
  readonly #findId: Database.Statement;
  readonly #addBase: Database.Statement;
  readonly #addMark: Database.Statement;
  /** There is no last version. */
  readonly #isEmpty: boolean;
  #bytes: number;
  /** What a chunk is encrypted into. */
  #sealed = Buffer.alloc(0);

  private constructor(database: Database.Database, key: Uint8Array, mostBytes: number) {
    this.#database = database;
    this.#key = createSecretKey(key);
    this.#mac = newMac(key);
    this.#mostBytes = mostBytes;
    this.#findMark = database.prepare('SELECT base AS number, id FROM mark WHERE mark = ?');
    this.#readBase = database.prepare('SELECT id, content FROM base WHERE number = ?');
    this.#findId = database.prepare('SELECT number FROM base WHERE id = ?').pluck();
    this.#addBase = database.prepare('INSERT INTO base (id, content) VALUES (?, ?)');
    this.#addMark = database.prepare('INSERT OR REPLACE INTO mark_next VALUES (?, ?, ?)');
    this.#isEmpty = database.prepare('SELECT 1 FROM mark LIMIT 1').get() === undefined;
    const number = (pragma: string): number => database.pragma(pragma, {simple: true}) as number;
    this.#bytes = (number('page_count') - number('freelist_count')) * number('page_size');
    database.exec('BEGIN');
  }

  /** Opens the cache, or makes an empty one where there is none, or one that is of no use. */
  static async open(path: string, options: BaseCacheOptions): Promise<BaseCache> {
    try {
      return await BaseCache.#open(path, options);
    } catch (error) {
      // Damaged, of another agent or generation: it is worth no more than what it saves.
      dropBaseCache(path);
      if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
      return BaseCache.#open(path, options);
    }
  }

  static async #open(
    path: string,
    {generation, mostBytes, seal, open}: BaseCacheOptions,
  ): Promise<BaseCache> {
    makeFolders(dirname(path), 0o700);
    const file = openSync(path, 'a', 0o600);
    fchmodSync(file, 0o600);
    closeSync(file);
    const database = new Database(path);
    try {
      // What a crash leaves may be damaged: then it is dropped. Contents are authenticated, each with its id.
      database.pragma('page_size = 65536');
      database.pragma('journal_mode = MEMORY');
      database.pragma('synchronous = OFF');
      database.pragma('cache_size = -8000');
      const meta = (key: string): Buffer | undefined =>
        database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) as Buffer | undefined;
      if (database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0) {
        const key = randomBytes(32);
        const sealed = await seal(key);
        database.transaction(() => {
          database.exec(SCHEMA);
          const add = database.prepare('INSERT INTO meta VALUES (?, ?)');
          add.run('key', Buffer.from(sealed));
          add.run('generation', Buffer.from(generation));
        })();
        return new BaseCache(database, key, mostBytes);
      }
      if (meta('generation')?.toString() !== generation) throw new Error('it is of another generation');
      return new BaseCache(database, await open(meta('key') ?? Buffer.alloc(0)), mostBytes);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * The base of the chunk that lay in the same place of the last version.
   * @param before the last bytes before the chunk, up to 64
   */
  find(file: string, before: Uint8Array, content: Uint8Array): Base | undefined {
    if (this.#isEmpty) return undefined;
    for (const mark of this.#marksOf(file, before, content)) {
      const found = this.#findMark.get(mark) as Base | undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Its content; undefined if it is not what was put there. */
  read({number}: Base): Buffer | undefined {
    const {id, content} = this.#readBase.get(number) as {id: Buffer; content: Buffer};
    return this.#decrypt(id, content);
  }

  /** Remembers for the next version that a chunk builds on a base. */
  mark(file: string, before: Uint8Array, content: Uint8Array, base: Buffer): void {
    const number = this.#findId.get(base) as number | undefined;
    if (number === undefined) return;
    for (const mark of this.#marksOf(file, before, content)) this.#addMark.run(mark, number, base);
  }

  /** Takes in a blob that was stored whole, if there is room. */
  add(id: Buffer, content: Uint8Array): void {
    if (this.#findId.get(id) !== undefined) return;
    const encrypted = this.#encrypt(id, content);
    if (this.#bytes + encrypted.length > this.#mostBytes) return;
    this.#bytes += encrypted.length;
    this.#addBase.run(id, encrypted);
  }

  /** Keeps what was marked in this run, and drops everything else. */
  keep(): void {
    this.#database.exec(`
      DELETE FROM mark; INSERT INTO mark SELECT * FROM mark_next; DELETE FROM mark_next;
      DELETE FROM base WHERE number NOT IN (SELECT base FROM mark); COMMIT; BEGIN`);
  }

  [Symbol.dispose](): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    this.#database.close();
  }

  #marksOf(file: string, before: Uint8Array, content: Uint8Array): Buffer[] {
    const mark = (kind: string, bytes: Uint8Array): Buffer =>
      this.#mac(Buffer.concat([Buffer.from(`${kind}\0${file}\0`), bytes])).subarray(0, 16);
    return [mark('begin', before.subarray(-MARK_BYTES)), mark('end', content.subarray(-MARK_BYTES))];
  }

  /** @returns memory that the next call uses again: else V8 would mark the whole heap for every 32 MB of chunks */
  #encrypt(id: Buffer, content: Uint8Array): Buffer {
    const length = NONCE_BYTES + content.length + TAG_BYTES;
    if (this.#sealed.length < length) this.#sealed = Buffer.allocUnsafeSlow(length);
    const sealed = this.#sealed.subarray(0, length);
    const nonce = sealed.subarray(0, NONCE_BYTES);
    randomFillSync(nonce);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(id);
    const encrypted = cipher.update(content);
    encrypted.copy(sealed, NONCE_BYTES);
    release(encrypted);
    cipher.final(); // Empty: GCM holds nothing back.
    cipher.getAuthTag().copy(sealed, NONCE_BYTES + content.length);
    return sealed;
  }

  #decrypt(id: Buffer, encrypted: Buffer): Buffer | undefined {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, encrypted.subarray(0, NONCE_BYTES))
        .setAAD(id)
        .setAuthTag(encrypted.subarray(-TAG_BYTES));
      const content = decipher.update(encrypted.subarray(NONCE_BYTES, -TAG_BYTES));
      decipher.final();
      return content;
    } catch {
      return undefined; // Then the chunk is stored whole.
    }
  }
}

/** Removes it with its side files. */
export function dropBaseCache(path: string): void {
  for (const side of ['', '-wal', '-shm']) rmSync(path + side, {force: true});
}
