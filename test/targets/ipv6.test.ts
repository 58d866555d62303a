/** Real servers, reached by IPv6 (TESTING.md B27). */
import {connect, createServer} from 'node:net';
import {networkInterfaces} from 'node:os';
import {expect, test} from 'vitest';
import {readObject} from '../../src/targets/read.ts';
import {openSwift} from '../../src/targets/swift.ts';
import type {Target} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {serverFacts} from '../support/servers.ts';
import {leftOut} from '../support/skips.ts';
import {someBytes} from './conformance.ts';
import {newBucketUrl, opened} from './s3-scratch.ts';
import {logins, newContainer} from './swift-server.ts';

const swift = serverFacts('Swift by IPv6', 'swift') ?? {};
const rgw = serverFacts('S3 by IPv6', 'rgw') ?? {};
const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({address}) => address === '::1'));
if (!hasIPv6) leftOut('IPv6', 'this machine has none', {tolerated: true});

/** Passes what comes to a port of `::1` on to a server that listens on 127.0.0.1; gives the server's address by IPv6. */
async function byIPv6(address: string) {
  const upstream = new URL(address);
  const server = createServer((socket) => {
    const onward = connect(Number(upstream.port), upstream.hostname);
    for (const end of [socket, onward]) end.on('error', () => [socket, onward].map((one) => one.destroy()));
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(Number(upstream.port), '::1', resolve));
  return {
    url: address.replace(upstream.hostname, '[::1]'),
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function tellsTheStory(target: Target): Promise<void> {
  await target.create({container: true});
  await target.put('a/größe', someBytes(3_000_000));
  expect((await collect(target.list('a/'))).map(({name}) => name)).toEqual(['a/größe']);
  const stored = await readObject(target, 'a/größe', {maxBytes: 3_000_000});
  expect(Buffer.compare(stored, someBytes(3_000_000))).toBe(0);
  await target.remove('a/größe');
  await target[Symbol.asyncDispose]();
}

test.runIf(hasIPv6 && swift['ST_AUTH'])('Swift, which names its own address at the login', async () => {
  const {ST_AUTH = '', ...env} = logins(swift)['v1 authentication'] ?? {};
  await using server = await byIPv6(ST_AUTH);
  await tellsTheStory(await openSwift(`swift://${newContainer()}`, {env: {...env, ST_AUTH: server.url}}));
});

test.runIf(hasIPv6 && rgw['S3_ENDPOINT'])('S3, whose requests are signed with the host', async () => {
  await using server = await byIPv6(rgw['S3_ENDPOINT'] ?? '');
  await tellsTheStory(opened(newBucketUrl({...rgw, S3_ENDPOINT: server.url}, 'vm'), rgw));
});
