/** Seals, index lines and snapshots, read from what anybody may have written: entries, or a FormatError (TESTING.md D4, D16, D21, I7). */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import * as openpgp from 'openpgp';
import {beforeAll, describe, expect, test} from 'vitest';
import {newSession} from '../../src/crypto/message.ts';
import {type Agent, newAgent, sealSigned} from '../../src/repository/agent.ts';
import {canonicalJson, type Json} from '../../src/repository/canonical.ts';
import {FormatError} from '../../src/repository/fields.ts';
import {packMd5s} from '../../src/repository/history.ts';
import {decodePackRecord, encodePackRecord} from '../../src/repository/index-object.ts';
import {type BlobId, type PackName, type SnapshotId, sha256} from '../../src/repository/layout.ts';
import {memberLength, type PackRecord} from '../../src/repository/pack.ts';
import {makeSeal, parseSeal, readSeal, type Seal} from '../../src/repository/seal.ts';
import {makeSnapshot, readSnapshot, type Snapshot} from '../../src/repository/snapshot.ts';

let agent: Agent;
let other: Agent;
beforeAll(async () => {
  agent = await newAgent(new Date(Date.now() - 60_000));
  other = await newAgent(new Date(Date.now() - 60_000));
});

const place = {repository: 'a'.repeat(32), source: 'files', generation: '20261120T023000Z-abcd'};
const seal = (): Seal => ({
  ...place,
  agent: agent.fingerprint,
  sequence: 7,
  previous: 'b'.repeat(64),
  generationKey: 'c'.repeat(64),
  kind: 'incremental',
  started: '2026-11-20T02:30:00.000Z',
  finished: '2026-11-20T02:31:00.000Z',
  tags: ['nightly'],
  snapshot: {id: '0123456789abcdef' as SnapshotId, size: 1000, sha256: 'd'.repeat(64)},
  entries: {new: 1, changed: 2, unchanged: 3, removed: 4, total: 6},
  bytes: {source: 1, read: 2, new: 3, stored: 4},
  warnings: 0,
  secrets: [{name: 'generation.pgp', size: 5, sha256: 'e'.repeat(64)}],
  needs: {base: null, packs: [['f'.repeat(64), 9]], index: [['0'.repeat(64), 8]], dropped: []},
});
const payloadOf = (value: unknown): string => canonicalJson(value as Json);
const full = (): Record<string, unknown> => ({type: 'holdfast-seal', format: 1, ...seal()});

function onlyFormatError(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
  }
}

describe('seals', () => {
  test('come back as they were', async () => {
    const {object, checked} = await makeSeal(seal(), agent, new Date());
    expect(await readSeal(object, [other.key.toPublic(), agent.key.toPublic()])).toEqual(checked);
    expect(checked).toMatchObject(seal());
  });

  test('with the MD5 of packs, where it is known', async () => {
    const packs = ['1', '2'].map((digit): [string, number] => [digit.repeat(64), 9]);
    const needs = {base: null, packs, index: [], dropped: [], md5: ['', '3'.repeat(32)]};
    const {object, checked} = await makeSeal({...seal(), needs}, agent, new Date());
    expect((await readSeal(object, [agent.key.toPublic()])).needs).toEqual(needs);
    expect(packMd5s([checked])).toEqual(new Map([['2'.repeat(64), '3'.repeat(32)]]));
  });

  // A released vector: read, never made again.
  test('with the MD5 of packs, as Holdfast wrote it', async () => {
    const [signer, object] = ['agent.asc', 'md5.asc'].map((file) =>
      readFileSync(join(import.meta.dirname, '../fixtures/seals', file)),
    ) as [Buffer, Buffer];
    const key = await openpgp.readKey({armoredKey: signer.toString()});
    const {needs} = await readSeal(object, [key]);
    expect(needs.packs.map(([name]) => name.slice(0, 4))).toEqual(['7837', 'c687']);
    expect(needs.md5).toEqual(['7df4945a0fdf9393e5e43137544ba108', '6363519872f161b8d098efe546d9bdab']);
  });

  test('fuzz: any JSON, any member made something else', () => {
    fc.assert(
      fc.property(fc.json({maxDepth: 3}), (text) => onlyFormatError(() => parseSeal(text))),
      {numRuns: 500},
    );
    const members = Object.keys(full());
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.jsonValue({maxDepth: 2}), (member, value) => {
        const raw = {...full(), [member]: value};
        onlyFormatError(() => parseSeal(JSON.stringify(raw)));
      }),
      {numRuns: 2000},
    );
    for (const member of members) {
      const {[member]: _left, ...rest} = full();
      if (member !== 'previous') expect(() => parseSeal(payloadOf(rest)), member).toThrow(FormatError);
    }
  });

  test.each([
    ['secrets elsewhere', {secrets: [{name: '../generation.pgp', size: 1, sha256: 'e'.repeat(64)}]}],
    [
      '101 secrets',
      {secrets: new Array(101).fill({name: 'generation.pgp', size: 1, sha256: 'e'.repeat(64)})},
    ],
    ['a pack of no hash', {needs: {base: null, packs: [['../x', 1]], index: [], dropped: []}}],
    ['a pack of three parts', {needs: {base: null, packs: [['f'.repeat(64), 1, 2]], index: [], dropped: []}}],
    [
      '100,001 packs',
      {needs: {base: null, packs: new Array(100_001).fill(['f'.repeat(64), 1]), index: [], dropped: []}},
    ],
    ['an MD5 too many', {needs: {base: null, packs: [], index: [], dropped: [], md5: ['0'.repeat(32)]}}],
    ['an MD5 too few', {needs: {base: null, packs: [['f'.repeat(64), 1]], index: [], dropped: [], md5: []}}],
    [
      'an MD5 that is none',
      {needs: {base: null, packs: [['f'.repeat(64), 1]], index: [], dropped: [], md5: ['0']}},
    ],
    ['an upper case hash', {generationKey: 'C'.repeat(64)}],
    ['a time in words', {started: 'yesterday'}],
    ['another kind', {kind: 'differential'}],
    ['format 0', {format: 0}],
    ['format 2', {format: 2}],
    ['another type', {type: 'holdfast-index'}],
  ])('%s: refused', (_what, change) => {
    expect(() => parseSeal(payloadOf({...full(), ...change}))).toThrow(FormatError);
  });
});

describe('index lines', () => {
  const blob = fc.tuple(fc.uint8Array({minLength: 32, maxLength: 32}), fc.nat(100_000));
  const record = fc
    .array(fc.tuple(fc.array(blob, {minLength: 1, maxLength: 4}), fc.integer({min: 1, max: 1000})), {
      maxLength: 4,
    })
    .map((list): PackRecord => {
      let offset = 0;
      const frames = list.map(([blobs, size]) => {
        const frame = {
          offset,
          size,
          raw: blobs.reduce((sum, [, length]) => sum + memberLength(length), 0),
          blobs: blobs.map(([id, length]) => [Buffer.from(id).toString('hex') as BlobId, length] as const),
        };
        offset += size;
        return frame;
      });
      return {pack: sha256('pack') as PackName, size: offset + 100, kind: 'data', frames};
    });

  test('come back as they were', () => {
    fc.assert(
      fc.property(record, (value) => {
        expect(decodePackRecord(encodePackRecord(value))).toEqual(value);
      }),
      {numRuns: 200},
    );
  });

  test('fuzz', () => {
    fc.assert(
      fc.property(fc.json({maxDepth: 4}), (text) => onlyFormatError(() => decodePackRecord(text))),
      {numRuns: 500},
    );
    fc.assert(
      fc.property(record, fc.nat(), fc.string({maxLength: 3}), fc.nat(4), (value, where, put, cut) => {
        const text = encodePackRecord(value);
        const at = where % text.length;
        onlyFormatError(() => decodePackRecord(text.slice(0, at) + put + text.slice(at + cut)));
      }),
      {numRuns: 2000},
    );
  });
});

describe('snapshots', () => {
  const snapshot = (): Snapshot => ({
    ...place,
    agent: agent.fingerprint,
    sequence: 7,
    kind: 'full',
    parent: null,
    started: '2026-11-20T02:30:00.000Z',
    finished: '2026-11-20T02:31:00.000Z',
    host: 'vm',
    path: Buffer.from([0x2f, 0xff, 0x61]),
    root: {name: Buffer.from('.'), type: 'directory', mode: 0o755, uid: 0, gid: 0, mtimeNs: -1n, tree: []},
    entries: {new: 1, changed: 2, unchanged: 3, removed: 4, total: 6},
    bytes: {source: 1, read: 2, new: 3, stored: 4},
    warnings: [{path: 'a', problem: 'b'}],
    warningsOmitted: 0,
    tags: [],
  });
  /** Reads what `payload` says, signed and encrypted as it should be. */
  async function read(payload: string | Uint8Array, signer = agent, more: object = {}): Promise<Snapshot> {
    const session = await newSession([agent.key]);
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const object = await sealSigned(signer, session, bytes, new Date());
    const id = sha256(bytes).slice(0, 16) as SnapshotId;
    const expected = {...place, agent: agent.fingerprint, sequence: 7, id, ...more};
    return readSnapshot(object, session.key, [agent.key.toPublic(), other.key.toPublic()], expected);
  }
  const raw = async (): Promise<Record<string, unknown>> => {
    const session = await newSession([agent.key]);
    const {object, id} = await makeSnapshot(snapshot(), agent, session, new Date());
    const expected = {...place, agent: agent.fingerprint, sequence: 7, id};
    const value = await readSnapshot(object, session.key, [agent.key.toPublic()], expected);
    expect(value).toEqual(snapshot());
    const {path: _path, root, ...rest} = snapshot();
    return {
      type: 'holdfast-snapshot',
      format: 1,
      ...rest,
      pathBytes: Buffer.from([0x2f, 0xff, 0x61]).toString('base64'),
      root: {name: '.', type: root.type, mode: '755', uid: 0, gid: 0, mtime: '-1', tree: []},
    };
  };

  test('come back as they were', async () => {
    expect(await read(payloadOf(await raw()))).toEqual(snapshot());
  });

  // D3, D13
  test.each([
    ['another repository', {repository: 'b'.repeat(32)}],
    ['another source', {source: 'file'}],
    ['another generation', {generation: '20261120T023000Z-abce'}],
    ['another seal', {sequence: 8}],
    ['another id', {id: '0'.repeat(16)}],
    ['another agent', {agent: 'f'.repeat(64)}],
  ])('of %s are refused', async (_what, expected) => {
    await expect(read(payloadOf(await raw()), agent, expected)).rejects.toBeInstanceOf(FormatError);
  });

  test('by an agent that is trusted, but not the one of the seal, are refused', async () => {
    const payload = payloadOf({...(await raw()), agent: other.fingerprint});
    await expect(read(payload, other)).rejects.toThrow('it belongs to another');
    await expect(read(payloadOf(await raw()), other)).rejects.toThrow('it belongs to another');
  });

  // D4, D16, D21
  test.each([
    ['format 0', {format: 0}],
    ['format 2', {format: 2}],
    ['another type', {type: 'holdfast-seal'}],
    ['no root', {root: null}],
    [
      'a root that is a file',
      {root: {name: '.', type: 'file', mode: '755', uid: 0, gid: 0, mtime: '0', size: 0, content: []}},
    ],
    ['another kind', {kind: 'x'}],
    ['1,001 warnings', {warnings: new Array(1001).fill({path: 'a', problem: 'b'})}],
    ['a warning that is none', {warnings: [null]}],
    ['no host', {host: undefined}],
  ])('with %s are refused', async (_what, change) => {
    await expect(read(payloadOf({...(await raw()), ...change}))).rejects.toThrow();
  });

  test('that are not canonical, or not UTF-8, are refused', async () => {
    const payload = payloadOf(await raw());
    for (const wrong of [
      `${payload} `,
      payload.replace('"host"', '"\\u0068ost"'),
      payload.replace('{', '{"host":"x",'),
      payload.replace('"sequence":7', '"sequence":7.0'),
    ])
      await expect(read(wrong)).rejects.toThrow('canonical');
    await expect(read(Buffer.from(payload.replace('"vm"', '"\xff"'), 'latin1'))).rejects.toThrow('UTF-8');
  });
});
