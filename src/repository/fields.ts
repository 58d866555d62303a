/** Reads members of JSON that somebody else may have written. */
import {isUtf8} from 'node:buffer';
import {FORMAT, isHash} from './layout.ts';

/** A value is not what docs/format.md says. Callers say of which object. */
export class FormatError extends Error {}

/**
 * Text that was signed as bytes.
 * @throws {@link FormatError} unless it is UTF-8: other bytes would be read as the same text as U+FFFD
 */
export function signedText(data: Uint8Array): string {
  if (!isUtf8(data)) throw new FormatError('it is not UTF-8');
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8');
}

/** The members of one JSON object, each checked when it is read. */
export class Fields {
  readonly #raw: Record<string, unknown>;

  constructor(raw: unknown) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
      throw new FormatError('it is not a JSON object');
    this.#raw = raw as Record<string, unknown>;
  }

  static parse(text: string): Fields {
    try {
      return new Fields(JSON.parse(text));
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      throw new FormatError('it is not JSON', {cause});
    }
  }

  has(member: string): boolean {
    return this.#own(member) !== undefined && this.#own(member) !== null;
  }

  text(member: string): string {
    return this.#expect(member, (value): value is string => typeof value === 'string', 'text');
  }

  /** @throws {@link FormatError} unless `format` is the one that this Holdfast writes */
  format(): void {
    const format = this.count('format');
    if (format > FORMAT) throw new FormatError(`it has format ${format}, which is newer than this Holdfast`);
    if (format !== FORMAT) throw new FormatError(`it has format ${format}, which no Holdfast writes`);
  }

  flag(member: string): boolean {
    return this.#expect(member, (value): value is boolean => typeof value === 'boolean', 'true or false');
  }

  hash(member: string): string {
    return this.#expect(member, isHash, 'a SHA-256');
  }

  count(member: string): number {
    return this.#expect(member, isCount, 'a count');
  }

  time(member: string): string {
    return this.#expect(member, isTime, 'a time');
  }

  object(member: string): Fields {
    return new Fields(this.#own(member));
  }

  list<T>(member: string, most: number, read: (item: unknown) => T): T[] {
    const value = this.#own(member);
    if (!Array.isArray(value) || value.length > most)
      throw new FormatError(`"${member}" is not a list of at most ${most}`);
    return value.map(read);
  }

  texts(member: string, most: number): string[] {
    return this.list(member, most, (item) => {
      if (typeof item !== 'string') throw new FormatError(`"${member}" holds something else than text`);
      return item;
    });
  }

  /** A list of pairs, such as `[["<sha256>", 123]]`. */
  sizes(member: string, most: number): [string, number][] {
    return this.list(member, most, (item) => {
      if (Array.isArray(item) && item.length === 2 && isHash(item[0]) && isCount(item[1]))
        return [item[0], item[1]];
      throw new FormatError(`"${member}" holds something else than a hash and a size`);
    });
  }

  #expect<T>(member: string, test: (value: unknown) => value is T, what: string): T {
    const value = this.#own(member);
    if (!test(value)) throw new FormatError(`"${member}" is not ${what}`);
    return value;
  }

  #own(member: string): unknown {
    return Object.hasOwn(this.#raw, member) ? this.#raw[member] : undefined;
  }
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}
