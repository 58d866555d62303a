/** Numbers that look random and are the same on every machine: sfc32 (Chris Doty-Humphrey, PractRand). */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  constructor(...seed: readonly number[]) {
    this.reseed(...seed);
  }

  /** Starts again; equal seeds give equal numbers. Cheap enough to be done for every row of a table. */
  reseed(a = 0, b = 0, c = 0): void {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#counter = 1;
    for (let n = 0; n < 12; n++) this.next();
  }

  /** A whole number from 0 to 2³² - 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 4_294_967_296) * limit);
  }

  /** From 0 up to, but not, 1. */
  share(): number {
    return this.next() / 4_294_967_296;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** Fills with bytes that do not compress. */
  fill(bytes: Buffer): void {
    const whole = bytes.length & ~3;
    for (let at = 0; at < whole; at += 4) bytes.writeUInt32LE(this.next(), at);
    for (let at = whole; at < bytes.length; at++) bytes[at] = this.next();
  }
}
