/** What files are filled with. How well each kind compresses is near to what Linux installations hold (docs/performance.md). */
import {Random} from './random.ts';

export type ContentKind = 'text' | 'program' | 'noise';

/** Writes content of that kind into the whole buffer. */
export function fillContent(kind: ContentKind, random: Random, into: Buffer): void {
  if (kind === 'text') fillText(random, into, 0, into.length);
  else if (kind === 'program') fillProgram(random, into);
  else random.fill(into);
}

/** Words of a made-up language; frequent ones come first. */
export const WORDS = makeWords(6000);
const WORD_BYTES = WORDS.map((word) => Buffer.from(`${word} `));

function makeWords(count: number): string[] {
  const random = new Random(0x776f7264);
  const starts = [
    'b',
    'c',
    'd',
    'f',
    'g',
    'l',
    'm',
    'n',
    'p',
    'r',
    's',
    't',
    'v',
    'st',
    'tr',
    'pl',
    'ch',
    '',
  ];
  const vowels = ['a', 'e', 'i', 'o', 'u', 'ea', 'io'];
  const ends = ['', '', 'n', 'r', 's', 't', 'l', 'nd', 'ck'];
  const words = new Set<string>();
  while (words.size < count) {
    let word = '';
    for (let left = 1 + random.below(3); left > 0; left--)
      word += random.pick(starts) + random.pick(vowels) + random.pick(ends);
    words.add(word);
  }
  return [...words];
}

/** Lines of words: most are words that this file prefers, and some lines come again. */
function fillText(random: Random, into: Buffer, start: number, end: number): void {
  const preferred = Array.from({length: 120}, () => frequentWord(random));
  let line = start;
  for (let at = start; at < end; ) {
    const earlier = at - start;
    if (earlier > 400 && random.share() < 0.14) {
      const from = at - 1 - random.below(Math.min(earlier - 80, 30_000)) - 60;
      at = copy(into, at, end, into, Math.max(from, start), 30 + random.below(60));
    } else {
      const word = random.share() < 0.55 ? random.pick(preferred) : frequentWord(random);
      at = copy(into, at, end, word, 0, word.length);
    }
    if (at - line > 70 && at < end) {
      into[at++] = 10;
      line = at;
    }
  }
}

function frequentWord(random: Random): Buffer {
  return WORD_BYTES[Math.floor(WORD_BYTES.length * random.share() ** 2.5)] as Buffer;
}

/** Instructions with a few common forms, tables of numbers that grow, strings, and sections that are packed already. */
function fillProgram(random: Random, into: Buffer): void {
  for (let at = 0; at < into.length; ) {
    const end = Math.min(into.length, at + 1024 + random.below(16_384));
    const section = random.share();
    if (section < 0.5) fillInstructions(random, into, at, end);
    else if (section < 0.72) fillNumbers(random, into, at, end);
    else if (section < 0.97) fillText(random, into, at, end);
    else random.fill(into.subarray(at, end));
    at = end;
  }
}

function fillInstructions(random: Random, into: Buffer, start: number, end: number): void {
  const forms = Array.from({length: 48}, () => random.next());
  for (let at = start; at < end; ) {
    const earlier = at - start;
    if (earlier > 64 && random.share() < 0.12) {
      at = copy(into, at, end, into, start + random.below(earlier - 48), 16 + random.below(32));
      continue;
    }
    const form = forms[Math.floor(forms.length * random.share() ** 3)] as number;
    for (let n = 0; n < 3 && at < end; n++) into[at++] = form >>> (8 * n);
    const operands = random.next();
    if ((operands & 3) === 0 && at < end) into[at++] = (operands >>> 8) & 0x3f;
    if ((operands & 28) === 0 && at < end) into[at++] = operands >>> 16;
  }
}

function fillNumbers(random: Random, into: Buffer, start: number, end: number): void {
  let value = random.next();
  for (let at = start; at < end; at += 8) {
    value = (value + 16 * random.below(32)) >>> 0;
    for (let n = 0; n < 8 && at + n < end; n++) into[at + n] = n < 4 ? value >>> (8 * n) : 0;
  }
}

/** @returns where to go on writing */
function copy(into: Buffer, at: number, end: number, from: Buffer, start: number, length: number): number {
  const stop = Math.min(end, at + length);
  for (let source = start; at < stop; ) into[at++] = from[source++] as number;
  return at;
}
