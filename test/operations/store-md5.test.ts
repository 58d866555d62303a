/** What a store with nothing better than an MD5 vouches for: packs, whose MD5 their seal knows. On real servers, and over many seals. */
import {createHash} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {packMd5s} from '../../src/repository/history.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {ResilientTarget} from '../../src/targets/resilient.ts';
import {openSwift} from '../../src/targets/swift.ts';
import type {StoredSums, Target} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {noise} from '../support/trees.ts';
import {type credentials, newBucketUrl, opened} from '../targets/s3-scratch.ts';
import {createdSwift, logins} from '../targets/swift-server.ts';

const BELIEVING = {level: 'ciphertext', storeChecksums: true} as const;
const swift = serverFacts('Checksums that Swift keeps', 'swift');
const ceph = serverFacts('Checksums that Ceph keeps', 'rgw');

const packsOf = async (target: Target) =>
  (await collect(target.list(''))).filter(({name}) => name.includes('/packs/'));

describe.each([
  ['Swift', swift, async () => await swiftTarget()],
  ['S3 on Swift', swift, async () => await s3Target(swift ?? {})],
  ['S3 on Ceph', ceph, async () => await s3Target(ceph ?? {})],
])('on %s', (_, facts, open) => {
  test.runIf(facts)(
    'no pack is read whose MD5 the store keeps; one that was replaced is found',
    async () => {
      const target = new ResilientTarget(await open());
      await target.create({container: true});
      await using machine = await Machine.create({wrap: () => target});
      for (const name of ['first', 'second']) {
        writeFileSync(join(machine.source, name), noise(200_000, name));
        await machine.backup({}, {}, {packBytes: 50_000});
      }
      const packs = await packsOf(target);
      expect(packs.length).toBeGreaterThan(2);
      const found = await machine.verify(BELIEVING);
      expect(found).toMatchObject({ok: true, problems: [], packs: 0, byStore: {objects: packs.length}});
      expect(found.byStore.bytes).toBe(packs.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0));

      const [pack = {name: '', sizeBytes: 0}] = packs;
      await target.replace(pack.name, Buffer.alloc(pack.sizeBytes, 1));
      expect(await machine.verify({level: 'structure'})).toMatchObject({ok: true});
      expect(await machine.verify(BELIEVING)).toMatchObject({
        ok: false,
        packs: 1,
        problems: [{object: pack.name, problem: 'its content does not match its name'}],
      });
    },
    120_000,
  );
});

async function swiftTarget(): Promise<Target> {
  const env = logins(swift ?? {})['Keystone, password'] ?? {};
  return await openSwift((await createdSwift(env)).url, {env});
}

async function s3Target(facts: Parameters<typeof credentials>[0]): Promise<Target> {
  return opened(newBucketUrl(facts, 'vm'), facts);
}

class Md5Target extends FileTarget {
  readonly keepsMd5 = true;
  readonly sums = new Map<string, string>();

  override async put(...[name, body, options]: Parameters<FileTarget['put']>): Promise<void> {
    await super.put(name, body, options);
    this.sums.set(name, createHash('md5').update(body).digest('hex'));
  }

  async storedSums(name: string): Promise<StoredSums> {
    return {sha256: undefined, md5: this.sums.get(name)};
  }
}

test('a seal that lists everything keeps what earlier ones knew; the packs of a run that was cut off are read', async () => {
  await using machine = await Machine.create();
  const target = new Md5Target(machine.repositoryFolder);
  machine.repository = {...machine.repository, target};
  machine.target = target;
  const back = async (name: string, to: Target = target) => {
    writeFileSync(join(machine.source, name), noise(2000, name));
    const repository = {...machine.repository, target: to};
    return await machine.backup({}, {}, {packBytes: 1, workers: 1, repository});
  };
  for (let i = 0; i < 33; i++) await back(`file ${i}`);
  const [{seals} = {seals: []}] = (await machine.history()).sources;
  const last = seals.at(-1);
  expect(last?.needs).toMatchObject({base: null});
  expect(packMd5s(last === undefined ? [] : [last]).size).toBe(last?.needs.packs.length);
  const cut = new Md5Target(machine.repositoryFolder);
  cut.put = async (name, body, options) => {
    if (name.includes('/snapshots/')) throw new Error('cut off');
    await target.put(name, body, options);
  };
  await expect(back('cut', cut)).rejects.toThrow('cut off');
  await back('cut');
  const packs = await packsOf(target);
  const found = await machine.verify(BELIEVING);
  expect(found).toMatchObject({ok: true, packs: 2}); // One of data, one of trees.
  expect(found.byStore.objects).toBe(packs.length - 2);
});
