import {describe, expect, test} from 'vitest';
import {systemClock} from '../../src/targets/clock.ts';
import {readObject} from '../../src/targets/read.ts';
import {
  ObjectExistsError,
  ObjectLockedError,
  ObjectMissingError,
  type Target,
} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {serverFacts} from '../support/servers.ts';
import {S3Admin} from './s3-admin.ts';
import {newBucketUrl, opened} from './s3-scratch.ts';
import {failure} from './scratch.ts';

const ceph = serverFacts('Versions and Object Lock on Ceph', 'rgw');
const swift = serverFacts('Object Lock that is not kept, on Swift', 'swift');
const HOUR_MS = 3_600_000;

const text = async (target: Target, name: string) =>
  Buffer.from(await readObject(target, name, {maxBytes: 1000})).toString();

describe.runIf(ceph)('a bucket that keeps versions', () => {
  const facts = ceph ?? {};

  async function versioned() {
    const url = newBucketUrl(facts, 'app');
    const target = opened(url, facts);
    await target.create({container: true});
    const admin = new S3Admin(url, facts);
    await admin.keepVersions();
    return {url, target, admin};
  }

  // D12
  test('shows what was removed or overwritten', async () => {
    const {url, target, admin} = await versioned();
    for (const name of [
      'a/removed',
      'a/overwritten',
      'a/kept',
      'b/removed',
      'twice',
      'twice/below',
      'größe %+ x',
    ])
      await target.put(name, Buffer.from(`good ${name}`));
    const names = (await collect(target.list(''))).map(({name}) => name).sort();
    for (const name of ['a/removed', 'b/removed', 'twice', 'größe %+ x']) await admin.remove(name);
    await admin.overwrite('a/overwritten', 'bad');
    await admin.overwrite('twice', 'bad');
    await admin.remove('twice');
    await admin.overwrite('new', 'bad');

    await using first = opened(`${url}&at=first`, facts);
    expect((await collect(first.list(''))).map(({name}) => name).sort()).toEqual([...names, 'new'].sort());
    expect((await collect(first.list('a/'))).map(({name}) => name)).toHaveLength(3);
    for (const name of names) {
      expect(await text(first, name)).toBe(`good ${name}`);
      expect(await first.stat(name)).toMatchObject({name, sizeBytes: Buffer.byteLength(`good ${name}`)});
    }
    expect((await collect(first.listFolders(''))).sort()).toEqual(['a', 'b', 'twice']);
    const range = {offset: 5, length: 3};
    expect(Buffer.from(await readObject(first, 'twice', {maxBytes: 1000, range})).toString()).toBe('twi');
    expect(await first.stat('a')).toBeUndefined();
    await expect(text(first, 'a')).rejects.toThrow(ObjectMissingError);
    for (const write of [
      first.put('x', Buffer.of()),
      first.replace('x', Buffer.of()),
      first.remove('a/kept'),
    ])
      await expect(write).rejects.toThrow(/shows the past/);

    await using early = opened(`${url}&at=2020-01-01T00:00Z`, facts);
    expect(await collect(early.list(''))).toEqual([]);
    expect(await early.stat('a/kept')).toBeUndefined();
    await using late = opened(`${url}&at=2099-01-01T00:00Z`, facts);
    expect((await collect(late.list(''))).map(({name}) => name).sort()).toEqual(
      ['a/kept', 'a/overwritten', 'new', 'twice/below'].sort(),
    );
    expect(await text(late, 'a/overwritten')).toBe('bad');
    await target[Symbol.asyncDispose]();
    admin[Symbol.dispose]();
  });

  test('shows an object whose versions fill several pages, once', async () => {
    const {url, target, admin} = await versioned();
    await target.put('a', Buffer.from('good'));
    await target.put('b', Buffer.from('good'));
    const rounds = Array.from({length: 1100}, (_, i) => String(i));
    const queue = rounds.values();
    await Promise.all(
      Array.from({length: 8}, async () => {
        for (const round of queue) await admin.overwrite('a', round);
      }),
    );
    await using first = opened(`${url}&at=first`, facts);
    expect((await collect(first.list(''))).map(({name}) => name)).toEqual(['a', 'b']);
    expect(await text(first, 'b')).toBe('good');
    expect(await text(first, 'a')).toBe('good');
    await target[Symbol.asyncDispose]();
    admin[Symbol.dispose]();
  });

  // B21: there Ceph takes If-None-Match, and does not heed it.
  test('is not written over', async () => {
    const {target, admin} = await versioned();
    await target.put('a', Buffer.from('good'));
    await expect(target.put('a', Buffer.from('good'))).rejects.toThrow(ObjectExistsError);
    await target.remove('a');
    expect(await target.stat('a')).toBeUndefined();
    await target.remove('a');
    await target.put('a', Buffer.from('again'));
    expect(await text(target, 'a')).toBe('again');
    expect(await admin.versions('a')).toHaveLength(2);
    await target[Symbol.asyncDispose]();
    admin[Symbol.dispose]();
  });
});

describe.runIf(ceph)('a bucket with Object Lock', () => {
  const facts = ceph ?? {};

  // B24
  test.each(['governance', 'compliance'] as const)('keeps what is locked (%s)', async (mode) => {
    const url = newBucketUrl(facts, 'app');
    await using target = opened(url, facts, {lock: {mode, forMs: HOUR_MS}});
    using admin = new S3Admin(url, facts);
    await target.create({container: true});
    const before = Date.now();
    await target.put('pack', Buffer.from('good'));
    await target.replace('lease', Buffer.from('free'));
    const until = (await target.stat('pack'))?.lockedUntilMs ?? 0;
    expect(until).toBeGreaterThan(before + HOUR_MS - 2000);
    expect(until).toBeLessThan(Date.now() + HOUR_MS + 2000);
    expect(await target.stat('lease')).not.toHaveProperty('lockedUntilMs');

    const error = await failure(target.remove('pack'));
    expect(error).toBeInstanceOf(ObjectLockedError);
    expect(error).toMatchObject({untilMs: until, exitCode: 13, transient: false});
    expect((error as Error).message).toContain(`pack locked until ${new Date(until).toISOString()}`);
    expect(await text(target, 'pack')).toBe('good');
    for (const version of await admin.versions('pack')) {
      await expect(admin.remove('pack', version)).rejects.toThrow(/forbidden by object lock/);
    }
    expect(await admin.versions('pack')).toHaveLength(1);
    await target.remove('lease');

    await target.extendLock?.('pack', until + HOUR_MS);
    expect((await target.stat('pack'))?.lockedUntilMs).toBe(until + HOUR_MS);
    // Time passes.
    await using later = opened(url, facts, {clock: {...systemClock, wallMs: () => until + 2 * HOUR_MS}});
    await later.remove('pack');
    expect(await later.stat('pack')).toBeUndefined();
    // The version itself is still there, whoever removed it.
    await using first = opened(`${url}&at=first`, facts);
    expect(await text(first, 'pack')).toBe('good');
  });

  test('is needed: another bucket refuses the lock', async () => {
    const url = newBucketUrl(facts);
    await using plain = opened(url, facts);
    await plain.create({container: true});
    await using target = opened(url, facts, {lock: {mode: 'compliance', forMs: HOUR_MS}});
    const error = await failure(target.put('pack', Buffer.from('x')));
    expect(error).toMatchObject({code: 'TARGET', transient: false});
    expect(await plain.stat('pack')).toBeUndefined();
  });
});

// B24
test.runIf(swift)('a store that takes a lock and forgets it is found out', async () => {
  const facts = swift ?? {};
  await using target = opened(newBucketUrl(facts), facts, {lock: {mode: 'compliance', forMs: HOUR_MS}});
  await target.create({container: true});
  await expect(target.put('pack', Buffer.from('x'))).rejects.toThrow(/does not keep its lock/);
});
