/** A table's dump as `pg_dump` writes it, and later versions of it, the same on every machine. */
import {closeSync, openSync, statSync, writeSync} from 'node:fs';
import {WORDS} from './content.ts';
import {Random} from './random.ts';

/** Raised when the same seed gives another dump than before. */
export const DUMP_VERSION = 1;
const FULL_ROWS = 2_600_000;
const FULL_UPDATES = 40_000;
const FULL_NEW_ROWS = 26_000;
const HEAD = `--
-- PostgreSQL database dump
--

SET client_encoding = 'UTF8';
CREATE TABLE public.customers (id bigint NOT NULL, key uuid, mail text, status text, cents integer, created timestamp, updated timestamp, note text);
COPY public.customers (id, key, mail, status, cents, created, updated, note) FROM stdin;
`;
const STATUSES = ['active', 'active', 'active', 'paused', 'closed', 'pending'];

/** Where the rows lie that were updated: most in the newest 5 % (as in most tables), or anywhere. */
export type Updates = 'clustered' | 'scattered';

/** A table whose rows have an order on disk: PostgreSQL writes half of the updated rows to the end. */
export class Table {
  #order: number[];
  readonly #revisions: Uint8Array;
  readonly #scale: number;
  readonly #random: Random;
  #rows: number;

  /** @param scale 1 for 2.6 million rows, some 490 MB */
  constructor(scale: number, seed = 1) {
    this.#scale = scale;
    this.#random = new Random(0x64756d70, seed);
    this.#rows = Math.round(FULL_ROWS * scale);
    this.#order = Array.from({length: this.#rows}, (_, id) => id);
    this.#revisions = new Uint8Array(this.#rows * 2);
  }

  /** A day's work: 1.5 % of the rows are updated, 1 % are new. */
  change(updates: Updates): void {
    const moved = new Set<number>();
    for (let left = Math.round(FULL_UPDATES * this.#scale); left > 0; left--) {
      const isRecent = updates === 'clustered' && this.#random.share() < 0.9;
      const from = isRecent ? Math.floor(this.#rows * 0.95) : 0;
      const id = from + this.#random.below(this.#rows - from);
      this.#revisions[id] = (this.#revisions[id] ?? 0) + 1;
      if (left % 2 === 0) moved.add(id);
    }
    const added = Math.round(FULL_NEW_ROWS * this.#scale);
    const fresh = Array.from({length: added}, (_, n) => this.#rows + n);
    this.#rows += added;
    this.#order = [...this.#order.filter((id) => !moved.has(id)), ...moved, ...fresh];
  }

  /** @returns the size in bytes */
  write(path: string): number {
    const file = openSync(path, 'w');
    const random = new Random();
    let text = HEAD;
    for (const id of this.#order) {
      text += row(random, id, this.#revisions[id] ?? 0);
      if (text.length < 1 << 20) continue;
      writeSync(file, text, null, 'latin1');
      text = '';
    }
    writeSync(file, `${text}\\.\n\n-- PostgreSQL database dump complete\n`, null, 'latin1');
    closeSync(file);
    return statSync(path).size;
  }
}

function row(random: Random, id: number, revision: number): string {
  random.reseed(0x726f77, id); // what stays when a row is updated
  const hex = () => random.next().toString(16).padStart(8, '0');
  const [a, b, c, d] = [hex(), hex(), hex(), hex()];
  const key = `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
  const mail = `${random.pick(WORDS)}.${random.pick(WORDS)}${random.below(1000)}@${random.pick(WORDS)}.example`;
  const created = time(random.below(40_000_000));
  if (revision > 0) random.reseed(0x726f77, id, revision);
  let note = '';
  for (let left = 4 + random.below(6); left > 0; left--) note += ` ${random.pick(WORDS)}`;
  const updated = time(40_000_000 + revision * 86_400 + random.below(86_400));
  const cents = random.below(10_000_000);
  return `${id}\t${key}\t${mail}\t${random.pick(STATUSES)}\t${cents}\t${created}\t${updated}\t${note.slice(1)}\n`;
}

function time(seconds: number): string {
  return new Date(1_700_000_000_000 + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
