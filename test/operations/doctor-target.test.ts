/** The examination of a storage: on one that keeps its promises, on real servers, and on some that break one each. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {PutBucketPolicyCommand} from '@aws-sdk/client-s3';
import {describe, expect, test} from 'vitest';
import {examineTarget, type TargetExamination} from '../../src/operations/doctor-target.ts';
import {openTarget} from '../../src/targets/open.ts';
import {s3Policy} from '../../src/targets/s3-policy.ts';
import {parseS3Url} from '../../src/targets/s3-url.ts';
import type {Target} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {noise} from '../support/trees.ts';
import {S3Admin} from '../targets/s3-admin.ts';
import {credentials, newBucketUrl} from '../targets/s3-scratch.ts';
import {created, failure} from '../targets/scratch.ts';

const ceph = serverFacts('Roles and rights on Ceph', 'rgw');

const examine = (target: Target, thorough = false) =>
  examineTarget(target, {thorough, now: () => new Date()});
const failed = ({checks}: TargetExamination) => checks.filter(({ok}) => !ok).map(({name}) => name);

test('a folder keeps all promises, and nothing is left in it', async () => {
  const {target} = await created();
  const found = await examine(target, true);
  expect(failed(found)).toEqual([]);
  expect(found.left).toBe(0);
  expect(await collect(target.list(''))).toEqual([]);
});

/** A folder that breaks a promise. */
async function broken(change: (target: Target) => Partial<Target>): Promise<Target> {
  const {target} = await created();
  const changed = change(target);
  return new Proxy<Target>(target, {
    get: (whole, key) => {
      const value: unknown = Reflect.get(changed, key) ?? Reflect.get(whole, key);
      return typeof value === 'function' ? value.bind(whole) : value;
    },
  });
}

// B12, B21, B22
describe('finds a storage that', () => {
  test.each<[string, string, (target: Target) => Partial<Target>]>([
    [
      'alters what it keeps',
      'gives back what was stored',
      (target) => ({
        put: (name, body, options) =>
          target.put(
            name,
            body.map((byte, i) => (i === 900_000 ? byte ^ 1 : byte)),
            options,
          ),
      }),
    ],
    [
      'appends to what it keeps',
      'gives back what was stored',
      (target) => ({
        put: (name, body, options) => target.put(name, Buffer.concat([body, Buffer.of(10)]), options),
      }),
    ],
    [
      'overwrites',
      'overwrites nothing',
      (target) => ({put: (name, body, options) => target.replace(name, body, options)}),
    ],
    [
      'does not list what is fresh',
      'shows at once what is stored',
      () => ({
        async *list() {
          yield* [];
        },
      }),
    ],
    [
      'changes the case of names',
      'keeps names as they are',
      (target) => ({
        put: (name, body, options) => target.put(name.toLowerCase(), body, options),
      }),
    ],
    [
      'lives in another year',
      'has the same time',
      (target) => ({
        stat: async (name, options) => {
          const info = await target.stat(name, options);
          return info && {...info, modifiedMs: info.modifiedMs - 365 * 86_400_000};
        },
      }),
    ],
  ])('%s', async (_what, check, change) => {
    expect(failed(await examine(await broken(change)))).toContain(check);
  });
});

describe.runIf(ceph)('the policies of the roles, on Ceph', () => {
  const facts = ceph ?? {};
  const {OTHER_ACCESS_KEY_ID, OTHER_SECRET_ACCESS_KEY, OTHER_ARN = ''} = facts;
  const other = {AWS_ACCESS_KEY_ID: OTHER_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: OTHER_SECRET_ACCESS_KEY};

  async function bucketFor(role: 'writer' | 'reader' | 'pruner') {
    const url = newBucketUrl(facts, 'fleet/app01');
    const owner = await openTarget(url, '/', {env: credentials(facts)});
    await owner.create({container: true});
    using admin = new S3Admin(url, facts);
    const place = parseS3Url(url);
    const Policy = JSON.stringify(s3Policy(place, role, OTHER_ARN));
    await admin.client.send(new PutBucketPolicyCommand({Bucket: place.bucket, Policy}));
    return {url, owner, target: await openTarget(url, '/', {env: other})};
  }

  // B15: the write-once path.
  test('a writer backs up, and cannot remove', async () => {
    const {url, target} = await bucketFor('writer');
    const found = await examine(target);
    expect(failed(found)).toEqual(['cannot overwrite']);
    expect(found.left).toBeGreaterThan(3);

    await using machine = await Machine.create({wrap: () => target});
    writeFileSync(join(machine.source, 'file'), noise(100_000, 'file'));
    expect(await machine.backup()).toMatchObject({kind: 'full'});
    expect(await machine.backup()).toMatchObject({kind: 'incremental'});
    expect(await collect(target.list('leases/'))).toEqual([]);
    expect(machine.notes.filter((note) => note.includes('lease'))).toEqual([]);
    expect(await machine.verify({level: 'ciphertext'})).toMatchObject({ok: true});
    const [first] = await collect(target.list('files/'));
    expect(await failure(target.remove(first?.name ?? ''))).toMatchObject({
      exitCode: 13,
      transient: false,
      hint: expect.stringContaining('s3:DeleteObject'),
    });
    await using elsewhere = await openTarget(url.replace('app01', 'app02'), '/', {env: other});
    expect(await failure(elsewhere.put('x', Buffer.of(1)))).toMatchObject({exitCode: 13});
    expect(await failure(collect(elsewhere.list('')))).toMatchObject({exitCode: 13});
  });

  test('a reader reads, and can do nothing else', async () => {
    const {owner, target} = await bucketFor('reader');
    await owner.put('a/b', Buffer.from('x'));
    expect(await collect(target.list(''))).toHaveLength(1);
    expect(await collect(target.get('a/b'))).toEqual([Buffer.from('x')]);
    for (const work of [
      () => target.put('c', Buffer.of()),
      () => target.replace('a/b', Buffer.of()),
      () => target.remove('a/b'),
    ])
      expect(await failure(work())).toMatchObject({exitCode: 13, transient: false});
  });

  test('a pruner removes', async () => {
    const {owner, target} = await bucketFor('pruner');
    await owner.put('a/b', Buffer.from('x'));
    await target.remove('a/b');
    expect(await owner.stat('a/b')).toBeUndefined();
  });
});
