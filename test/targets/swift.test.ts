import {describe, expect, test} from 'vitest';
import {readObject} from '../../src/targets/read.ts';
import {serverFacts} from '../support/servers.ts';
import {describeTarget, someBytes} from './conformance.ts';
import {createdSwift, logins} from './swift-server.ts';

const facts = serverFacts('Swift', 'swift');
const envs = logins(facts ?? {});

describe.runIf(facts)('Swift', () => {
  describeTarget('Swift', async () => (await createdSwift(envs['Keystone, password'] ?? {})).target, {
    racesMayBeLost: true,
  });

  test.each(Object.entries(envs))('logs in by %s', async (_, env) => {
    const {target} = await createdSwift(env);
    await target.put('a/b', someBytes(1000));
    const stored = await readObject(target, 'a/b', {maxBytes: 1000});
    expect(Buffer.from(stored)).toEqual(Buffer.from(someBytes(1000)));
  });
});
