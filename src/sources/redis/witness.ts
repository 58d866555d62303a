/** Facts about the content of an RDB file, which the same keys give in whatever way a server stores them. */
import type {WitnessConfig} from '../../config/source-types.ts';
import {Mix} from './mix.ts';
import {type RdbVisitor, type RedisType, readRdb} from './rdb.ts';
import {RdbUnknownError} from './rdb-input.ts';

/** Keys of one type in one database: how many, and the sum of their hashes; null where they were not read. */
export type RedisKeys = readonly [database: number, type: RedisType, keys: number, checksum: string | null];

export interface RedisContents {
  readonly rows: WitnessConfig['rows'];
  /** By database and type. */
  readonly keys: readonly RedisKeys[];
  /** Libraries of functions: how many, and the sum of their hashes. */
  readonly libraries: readonly [number, string];
}

export interface RedisWitness {
  readonly version: string;
  /** Counted a moment before the dump, by number of the database. */
  readonly keysBefore: readonly (readonly [database: number, keys: number])[];
  /** What the dump holds; null if nobody asked, or it could not be read. */
  readonly contents?: RedisContents | null;
}

/** Of sampled keys, one in so many. */
const SAMPLED = 16;

/** Takes the pieces of an RDB file. */
export class RdbWitness {
  readonly #reading: ReturnType<typeof readRdb>;
  readonly #summary: Summary;
  readonly #timeoutMs: number;
  readonly #rows: WitnessConfig['rows'];
  #spentMs = 0;
  #isDone = false;
  #problem: string | undefined;

  constructor({rows, timeoutMs}: WitnessConfig) {
    this.#rows = rows;
    this.#timeoutMs = timeoutMs;
    this.#summary = new Summary(rows);
    this.#reading = readRdb(this.#summary);
    this.#reading.next();
  }

  /** The piece stays the caller's. */
  push(piece: Uint8Array): void {
    if (this.#isDone || this.#problem !== undefined) return;
    const started = performance.now();
    try {
      this.#isDone = this.#reading.next(Buffer.from(piece)).done === true;
    } catch (error) {
      if (error instanceof RdbUnknownError) this.#problem = error.message;
      else if (error instanceof RangeError) this.#problem = 'it holds a packed value that is not whole';
      else throw error;
    }
    this.#spentMs += performance.now() - started;
    if (this.#spentMs > this.#timeoutMs) this.#problem = 'it took longer than the witness may take';
  }

  /** What was in the file; a text if it could not be read: why, as the end of a sentence. */
  end(): RedisContents | string {
    if (this.#problem !== undefined) return this.#problem;
    if (!this.#isDone) return 'it has no end that this version of Holdfast knows';
    return {rows: this.#rows, keys: this.#summary.keys(), libraries: this.#summary.libraries()};
  }
}

/** Lists and streams have an order; the items of all else come as the server has them. */
const ORDERED: readonly RedisType[] = ['list', 'stream'];

interface Group {
  readonly database: number;
  readonly type: RedisType;
  keys: number;
  readonly sum: Mix;
}

class Summary implements RdbVisitor {
  readonly #hashes: boolean;
  readonly #isSampled: boolean;
  readonly #groups = new Map<number, Map<RedisType, Group>>();
  readonly #libraries = {count: 0, sum: new Mix()};
  readonly #key = new Mix();
  readonly #items = new Mix();
  readonly #item = new Mix();
  #group: Group | undefined;
  #isRead = false;
  #isOrdered = false;

  constructor(rows: WitnessConfig['rows']) {
    this.#hashes = rows === 'all' || rows === 'sampled';
    this.#isSampled = rows === 'sampled';
  }

  key(database: number, key: Buffer, type: RedisType, expires: number | undefined): void {
    const group = this.#groupOf(database, type);
    group.keys++;
    this.#group = group;
    if (!this.#hashes) return;
    this.#key.reset();
    this.#key.bytes(key);
    this.#isRead = !this.#isSampled || (this.#key.a >>> 0) % SAMPLED === 0;
    this.#key.number(expires ?? -1);
    this.#isOrdered = ORDERED.includes(type);
    this.#items.reset();
  }

  item(first: Buffer, second?: Buffer, third?: Buffer): void {
    if (!this.#isRead) return;
    const item = this.#isOrdered ? this.#items : this.#item;
    if (!this.#isOrdered) item.reset();
    item.bytes(first);
    if (second !== undefined) item.bytes(second);
    if (third !== undefined) item.bytes(third);
    if (!this.#isOrdered) this.#items.add(item);
  }

  keyEnd(): void {
    if (!this.#isRead || this.#group === undefined) return;
    this.#key.number(this.#items.a);
    this.#key.number(this.#items.b);
    this.#group.sum.add(this.#key);
  }

  library(code: Buffer): void {
    this.#item.reset();
    this.#item.bytes(code);
    this.#libraries.count++;
    this.#libraries.sum.add(this.#item);
  }

  keys(): RedisKeys[] {
    return [...this.#groups.values()]
      .flatMap((types) => [...types.values()])
      .sort((a, b) => a.database - b.database || (a.type < b.type ? -1 : 1))
      .map(({database, type, keys, sum}) => [database, type, keys, this.#hashes ? sum.text() : null]);
  }

  libraries(): [number, string] {
    return [this.#libraries.count, this.#libraries.sum.text()];
  }

  #groupOf(database: number, type: RedisType): Group {
    const types = this.#groups.get(database) ?? new Map<RedisType, Group>();
    this.#groups.set(database, types);
    const group = types.get(type) ?? {database, type, keys: 0, sum: new Mix()};
    types.set(type, group);
    return group;
  }
}

/** What differs in the loaded keys from those of the dump; each as one sentence. */
export function compareRedis(expected: RedisContents, actual: RedisContents): string[] {
  const name = (database: number, type: RedisType): string => `database ${database}, type ${type}`;
  const found = new Map(actual.keys.map((keys) => [name(keys[0], keys[1]), keys]));
  const problems: string[] = [];
  for (const [database, type, keys, checksum] of expected.keys) {
    const place = name(database, type);
    const [, , count = 0, sum] = found.get(place) ?? [];
    found.delete(place);
    if (count !== keys) problems.push(`In ${place}: ${count} keys; the dump has ${keys}.`);
    else if (checksum !== null && sum !== checksum)
      problems.push(`In ${place}: other values, names or expiry times than the dump, in ${keys} keys.`);
  }
  for (const [place, [, , count]] of found) problems.push(`In ${place}: ${count} keys; the dump has none.`);
  if (String(expected.libraries) !== String(actual.libraries))
    problems.push('The libraries of functions are not those of the dump.');
  return problems;
}
