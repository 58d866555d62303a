import {createHash} from 'node:crypto';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {BlobIndex} from '../../src/repository/blob-index.ts';
import type {BlobId, PackName} from '../../src/repository/layout.ts';
import {MEMBER_HEADER_BYTES, memberLength, type PackRecord} from '../../src/repository/pack.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const id = (number: number): BlobId => hash(`blob ${number}`) as BlobId;

/** Packs that hold some blobs twice, or in other packs, too. */
const packs = fc.array(
  fc.array(fc.array(fc.tuple(fc.nat(40), fc.nat(70_000)), {maxLength: 30}), {maxLength: 4}),
  {maxLength: 6},
);

function recordOf(frames: [number, number][][], number: number): PackRecord {
  let offset = 0;
  return {
    pack: hash(`pack ${number}`) as PackName,
    size: 1_000_000,
    kind: 'data',
    frames: frames.map((blobs, at) => {
      const size = 100 + at;
      offset += size;
      const raw = blobs.reduce((sum, [, length]) => sum + memberLength(length), 0);
      return {offset: offset - size, size, raw, blobs: blobs.map(([blob, length]) => [id(blob), length])};
    }),
  };
}

test('finds every blob where the records say, and no other', () => {
  fc.assert(
    fc.property(packs, fc.array(fc.boolean(), {minLength: 6, maxLength: 6}), (made, preferred) => {
      const index = new BlobIndex();
      const places = new Map<BlobId, string>();
      made.forEach((frames, number) => {
        const record = recordOf(frames, number);
        index.add(record, preferred[number] ?? false);
        index.add(record, true); // A record that is there already changes nothing.
        record.frames.forEach((frame) => {
          let offset = MEMBER_HEADER_BYTES;
          frame.blobs.forEach(([blob, length], at) => {
            if (!places.has(blob) || preferred[number])
              places.set(blob, [record.pack, frame.offset, at, offset, length].join());
            offset += memberLength(length);
          });
        });
      });
      for (let number = 0; number <= 41; number++) {
        const found = index.find(id(number));
        const place = found && [
          found.frame.pack.name,
          found.frame.offset,
          found.at,
          index.offsetOf(found),
          found.length,
        ];
        expect(place?.join()).toBe(places.get(id(number)));
        if (found) expect(index.idOf(found.frame, found.at)).toBe(id(number));
      }
      expect([...index.packs].map(({name}) => name)).toEqual(made.map((_, number) => hash(`pack ${number}`)));
    }),
  );
});

test('grows, and knows the blobs of each frame', () => {
  const index = new BlobIndex();
  const frames = Array.from({length: 50}, (_, frame) =>
    Array.from({length: 400}, (_blob, at): [number, number] => [frame * 400 + at, at]),
  );
  index.add(recordOf(frames, 1), true);
  for (let number = 0; number < 20_000; number++) expect(index.find(id(number))?.length).toBe(number % 400);
  expect(index.find(id(20_000))).toBeUndefined();
  const frame = index.pack(hash('pack 1'))?.frames[7];
  if (frame === undefined) throw new Error('no frame');
  const {ids, lengths} = index.columnsOf(frame);
  expect(Buffer.from(ids).toString('hex')).toBe(Array.from({length: 400}, (_, at) => id(2800 + at)).join(''));
  expect([...lengths]).toEqual(Array.from({length: 400}, (_, at) => at));
});
