/** A fast 64-bit hash of short byte strings, as two lanes of 32 bits: to find differences, not to withstand anybody. */
import {hash} from 'node:crypto';

/** Longer ones go through MD5 first, which is faster for these. */
const SHORT_BYTES = 2048;

export class Mix {
  a = 0;
  b = 0;

  reset(): void {
    this.a = 0x9e3779b9;
    this.b = 0x85ebca6b;
  }

  /** Takes a byte string, and its length. */
  bytes(bytes: Buffer): void {
    this.number(bytes.length);
    const short = bytes.length > SHORT_BYTES ? hash('md5', bytes, 'buffer') : bytes;
    let {a, b} = this;
    for (let at = 0; at < short.length; at++) {
      const byte = short[at] as number;
      a = Math.imul(a ^ byte, 0x9e3779b1);
      b = Math.imul(b ^ byte, 0x5f356495);
      b ^= b >>> 15;
    }
    this.a = a;
    this.b = b;
    this.#spread();
  }

  /** Takes a whole number of up to 53 bits. */
  number(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x85ebca6b) ^ Math.floor(value / 2 ** 32);
    this.b = Math.imul(this.b ^ value, 0xc2b2ae35) ^ Math.floor(value / 2 ** 32);
    this.#spread();
  }

  /** Each lane sees the other: after murmur3's last step. */
  #spread(): void {
    const {a, b} = this;
    this.a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
    this.b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(this.a ^ (this.a >>> 13), 0xc2b2ae35);
  }

  /** Adds a hash where order does not matter. */
  add({a, b}: Mix): void {
    this.a = (this.a + a) | 0;
    this.b = (this.b + b) | 0;
  }

  text(): string {
    return [this.a, this.b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
