/**
 * Reads an RDB file as it passes by: every key with its type, expiry and value, whatever the server chose to encode it with.
 * After rdb.c of Redis: files of versions 5 to 12, but for modules, and for fields that expire by themselves.
 */
import {intsetItems, listpackItems, ziplistItems} from './packed.ts';
import {RdbInput, RdbUnknownError, type Reading} from './rdb-input.ts';

export type RedisType = 'string' | 'list' | 'set' | 'hash' | 'zset' | 'stream';

/** Hears of what is in the file. */
export interface RdbVisitor {
  /** @param expires milliseconds since 1970; undefined for never */
  key(database: number, key: Buffer, type: RedisType, expires: number | undefined): void;
  /** One item of the key's value: a member, a field and its value, a member and its score, … */
  item(first: Buffer, second?: Buffer, third?: Buffer): void;
  keyEnd(): void;
  /** A library of functions. */
  library(code: Buffer): void;
}

const HEAD_BYTES = 9;

/** Wants each piece of the file, and ends with it. @throws {@link RdbUnknownError} */
export function* readRdb(visitor: RdbVisitor): Reading<void> {
  const input = new RdbInput();
  yield* input.take(HEAD_BYTES);
  let database = 0;
  let expires: number | undefined;
  for (;;) {
    const code = yield* input.byte();
    switch (code) {
      case 255: // the end
        return;
      case 254:
        database = yield* input.length();
        break;
      case 253:
        expires = (yield* input.take(4)).readInt32LE() * 1000;
        break;
      case 252:
        expires = Number((yield* input.take(8)).readBigInt64LE());
        break;
      case 251: // sizes of the database
        yield* skipLengths(input, 2);
        break;
      case 250: // a fact about the server
        yield* input.string();
        yield* input.string();
        break;
      case 249: // how often the key is used
        yield* input.byte();
        break;
      case 248: // how long it was not used
        yield* input.length();
        break;
      case 247:
        throw new RdbUnknownError('it holds data of a module');
      case 245:
        visitor.library(yield* input.string());
        break;
      case 244: // sizes of a slot
        yield* skipLengths(input, 3);
        break;
      default: {
        const kind = KINDS[code];
        if (kind === undefined) throw new RdbUnknownError(unknownKind(code));
        visitor.key(database, yield* input.string(), kind.type, expires);
        yield* kind.read(input, visitor);
        visitor.keyEnd();
        expires = undefined;
      }
    }
  }
}

interface Kind {
  readonly type: RedisType;
  read(input: RdbInput, visitor: RdbVisitor): Reading<void>;
}

/** By the numbers of rdb.h. Those of Redis before 4.0 (3, 9) and of fields that expire (22 to 25) are not known here. */
const KINDS: Readonly<Record<number, Kind>> = {
  0: {type: 'string', read: readString},
  1: {type: 'list', read: readSingles},
  2: {type: 'set', read: readSingles},
  4: {type: 'hash', read: readFields},
  5: {type: 'zset', read: readMembers},
  10: {type: 'list', read: packed(ziplistItems, single)},
  11: {type: 'set', read: packed(intsetItems, single)},
  12: {type: 'zset', read: packed(ziplistItems, member)},
  13: {type: 'hash', read: packed(ziplistItems, field)},
  14: {type: 'list', read: readZiplists},
  15: {type: 'stream', read: (input, visitor) => readStream(input, 1, visitor)},
  16: {type: 'hash', read: packed(listpackItems, field)},
  17: {type: 'zset', read: packed(listpackItems, member)},
  18: {type: 'list', read: readListpacks},
  19: {type: 'stream', read: (input, visitor) => readStream(input, 2, visitor)},
  20: {type: 'set', read: packed(listpackItems, single)},
  21: {type: 'stream', read: (input, visitor) => readStream(input, 3, visitor)},
};

function unknownKind(code: number): string {
  return code === 6 || code === 7
    ? 'it holds data of a module'
    : `it holds keys of a type that this version of Holdfast does not know (${code})`;
}

function* readString(input: RdbInput, visitor: RdbVisitor): Reading<void> {
  visitor.item(yield* input.string());
}

function* readSingles(input: RdbInput, visitor: RdbVisitor): Reading<void> {
  for (let left = yield* input.length(); left > 0; left--) visitor.item(yield* input.string());
}

function* readFields(input: RdbInput, visitor: RdbVisitor): Reading<void> {
  for (let left = yield* input.length(); left > 0; left--)
    visitor.item(yield* input.string(), yield* input.string());
}

function* readMembers(input: RdbInput, visitor: RdbVisitor): Reading<void> {
  for (let left = yield* input.length(); left > 0; left--)
    visitor.item(yield* input.string(), Buffer.from(yield* input.take(8)));
}

/** A list before Redis 7: ziplists, one after the other. */
function* readZiplists(input: RdbInput, visitor: RdbVisitor): Reading<void> {
  for (let left = yield* input.length(); left > 0; left--)
    single(ziplistItems(yield* input.string()), visitor);
}

/** A list: listpacks, and long items by themselves. */
function* readListpacks(input: RdbInput, visitor: RdbVisitor): Reading<void> {
  for (let left = yield* input.length(); left > 0; left--) {
    const isPacked = (yield* input.length()) === 2;
    const node = yield* input.string();
    if (isPacked) single(listpackItems(node), visitor);
    else visitor.item(node);
  }
}

function packed(
  itemsOf: (pack: Buffer) => Iterable<Buffer>,
  tell: (items: Iterable<Buffer>, visitor: RdbVisitor) => void,
): Kind['read'] {
  return function* read(input, visitor) {
    tell(itemsOf(yield* input.string()), visitor);
  };
}

function single(items: Iterable<Buffer>, visitor: RdbVisitor): void {
  for (const item of items) visitor.item(item);
}

function field(items: Iterable<Buffer>, visitor: RdbVisitor): void {
  for (const [name, value] of pairs(items)) visitor.item(name, value);
}

function member(items: Iterable<Buffer>, visitor: RdbVisitor): void {
  for (const [name, score] of pairs(items)) visitor.item(name, double(score));
}

function* pairs(items: Iterable<Buffer>): Generator<[Buffer, Buffer]> {
  let first: Buffer | undefined;
  for (const item of items) {
    if (first === undefined) first = item;
    else {
      yield [first, item];
      first = undefined;
    }
  }
}

/** The entries, the last id, and the groups with what they have not acknowledged; times at which consumers were seen are left out. */
function* readStream(input: RdbInput, version: 1 | 2 | 3, visitor: RdbVisitor): Reading<void> {
  for (let left = yield* input.length(); left > 0; left--)
    visitor.item(yield* input.string(), yield* input.string());
  visitor.item(yield* numbers(input, 3)); // entries, last id
  if (version > 1) yield* skipLengths(input, 5); // first id, highest deleted id, entries ever added
  for (let groups = yield* input.length(); groups > 0; groups--) {
    visitor.item(yield* input.string(), yield* numbers(input, 2));
    if (version > 1) yield* input.length(); // entries read
    for (let pending = yield* input.length(); pending > 0; pending--) {
      const [id, delivered] = [Buffer.from(yield* input.take(16)), Buffer.from(yield* input.take(8))];
      visitor.item(id, delivered, yield* numbers(input, 1));
    }
    for (let consumers = yield* input.length(); consumers > 0; consumers--) {
      visitor.item(yield* input.string());
      yield* input.take(version > 2 ? 16 : 8);
      for (let pending = yield* input.length(); pending > 0; pending--)
        visitor.item(Buffer.from(yield* input.take(16)));
    }
  }
}

function* numbers(input: RdbInput, count: number): Reading<Buffer> {
  const all: number[] = [];
  for (let left = count; left > 0; left--) all.push(yield* input.length());
  return Buffer.from(all.join(' '));
}

function* skipLengths(input: RdbInput, count: number): Reading<void> {
  for (let left = count; left > 0; left--) yield* input.length();
}

/** A score as long collections have it. */
function double(text: Buffer): Buffer {
  const words = text.toString('latin1');
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(Number(words.replace(/inf$/, 'Infinity')));
  return bytes;
}
