import {describe, expect, test} from 'vitest';
import {readObject} from '../../src/targets/read.ts';
import {openSwift} from '../../src/targets/swift.ts';
import {ObjectExistsError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {serverFacts} from '../support/servers.ts';
import {describeTarget, someBytes} from './conformance.ts';
import {failure} from './scratch.ts';
import {createdSwift, logins, newContainer, request, sharedSwift} from './swift-server.ts';

const DENIED = {
  exitCode: 13,
  transient: false,
  message: expect.stringContaining('access is denied (403)'),
};

const facts = serverFacts('Swift', 'swift');
const envs = logins(facts ?? {});

describe.runIf(facts)('Swift', () => {
  describe.each(Object.entries(envs))('by %s', (login, env) => {
    describeTarget('Swift', () => sharedSwift(env), {
      racesMayBeLost: true,
      // How listings are cut into pages has nothing to do with the login: the many names are stored by one of them.
      ...(login !== 'Keystone, password' && {manyNames: 200}),
    });
  });

  test.each(Object.entries(envs))('logs in by %s', async (_, env) => {
    const {target} = await createdSwift(env);
    await target.put('a/b', someBytes(1000));
    const stored = await readObject(target, 'a/b', {maxBytes: 1000});
    expect(Buffer.from(stored)).toEqual(Buffer.from(someBytes(1000)));
  });

  // B15
  test('rights by ACL: a writer makes no containers, a reader changes nothing', async () => {
    const owner = envs['v1 authentication'] ?? {};
    const as = (user: string, key: string) => ({...owner, ST_USER: user, ST_KEY: key});
    const {target, url, container} = await createdSwift(owner);
    await request(owner, container, 'POST', {
      'x-container-read': 'test:writer,test:reader',
      'x-container-write': 'test:writer',
    });
    const writer = await openSwift(url, {env: as('test:writer', 'writing')});
    await writer.create();
    await writer.put('a/b', someBytes(10));
    expect(await collect(writer.list(''))).toHaveLength(1);
    const elsewhere = await openSwift(`swift://${newContainer()}`, {env: as('test:writer', 'writing')});
    await elsewhere.create({container: true}); // Who may not even look at a container cannot tell whether it is there.
    expect(await failure(elsewhere.put('a/b', someBytes(10)))).toMatchObject(DENIED);
    const reader = await openSwift(url, {env: as('test:reader', 'reading')});
    expect(await readObject(reader, 'a/b', {maxBytes: 10})).toHaveLength(10);
    expect(await failure(reader.put('a/c', someBytes(10)))).toMatchObject(DENIED);
    expect(await failure(reader.replace('a/b', someBytes(1)))).toMatchObject(DENIED);
    expect(await failure(reader.remove('a/b'))).toMatchObject(DENIED);
    expect(await target.stat('a/b')).toMatchObject({sizeBytes: 10});
    const stranger = await openSwift(url, {env: as('test2:tester2', 'testing2')});
    expect(await failure(collect(stranger.list('')))).toMatchObject({transient: false});
  });

  test('with expireAfter, what belongs to a generation expires, and nothing else', async () => {
    const env = envs['Keystone, password'] ?? {};
    const {url} = await createdSwift(env, {prefix: 'vm'});
    const target = await openSwift(`${url}?expireAfter=400d`, {env});
    const names = ['holdfast.json', 'agents/a.asc', 'etc/20261120T023000Z-k3v9/generation.pgp'];
    for (const name of names) await target.put(name, someBytes(1));
    await target.replace('leases/etc.json', someBytes(1));
    const expiring: string[] = [];
    for (const name of [...names, 'leases/etc.json']) {
      const {headers} = await request(env, `${url}/${name}`, 'HEAD');
      const atMs = Number(headers.get('x-delete-at') ?? Number.NaN) * 1000;
      if (Number.isNaN(atMs)) continue;
      expiring.push(name);
      expect(Math.abs(atMs - Date.now() - 400 * 86_400_000)).toBeLessThan(600_000);
    }
    expect(expiring).toEqual(['etc/20261120T023000Z-k3v9/generation.pgp']);
  });

  test('a container that keeps versions still has what was overwritten or removed', async () => {
    const env = envs['Keystone, password'] ?? {};
    const {target, container} = await createdSwift(env, {prefix: 'vm'});
    await request(env, container, 'POST', {'x-versions-enabled': 'true'});
    await target.put('a/b', someBytes(10));
    await expect(target.put('a/b', someBytes(10))).rejects.toThrow(ObjectExistsError);
    await target.replace('a/b', someBytes(20));
    await target.remove('a/b');
    expect(await target.stat('a/b')).toBeUndefined();
    expect(await collect(target.list(''))).toEqual([]);
    const {text} = await request(env, `${container}?versions&format=json`, 'GET');
    const versions = JSON.parse(text) as {name: string; bytes: number}[];
    // Swift keeps a copy even before a put that it refuses then.
    expect(new Set(versions.map(({name, bytes}) => `${name}: ${bytes}`))).toEqual(
      new Set(['vm/a/b: 0', 'vm/a/b: 10', 'vm/a/b: 20']),
    );
    await target.put('a/b', someBytes(30));
    expect(await target.stat('a/b')).toMatchObject({sizeBytes: 30});
  });
});
