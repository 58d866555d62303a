/** What lies between Holdfast and S3: TLS, proxies, names that cannot be resolved, and a network that fails at random. */
import {once} from 'node:events';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer, request as httpRequest, type RequestListener, type Server} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {getCACertificates, setDefaultCACertificates} from 'node:tls';
import {expect, test} from 'vitest';
import {openTarget} from '../../src/targets/open.ts';
import {openS3} from '../../src/targets/s3.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {describeTree, noise} from '../support/trees.ts';
import {credentials, newBucketUrl} from './s3-scratch.ts';
import {CANARY} from './s3-script.ts';
import {failure} from './scratch.ts';

const TLS = join(import.meta.dirname, '../fixtures/tls');
const pem = (name: string) => readFileSync(join(TLS, `localhost.${name}.pem`), 'utf8');
const ceph = serverFacts('S3 over a network that fails', 'rgw');

async function listening<T extends Server>(server: T): Promise<T & AsyncDisposable & {port: number}> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

const LISTING: RequestListener = (_request, response) =>
  void response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');

async function asked(url: string, env = {}): Promise<unknown> {
  await using target = openS3(url, {env: {...CANARY, ...env}});
  return await failure(target.create());
}

// B23
test('TLS: what is not trusted, and what is for another host, is refused in plain words', async () => {
  await using server = await listening(createTlsServer({key: pem('key'), cert: pem('cert')}, LISTING));
  const untrusted = await asked(`s3://b1?endpoint=https://localhost:${server.port}`);
  expect(untrusted).toMatchObject({
    transient: false,
    exitCode: 13,
    message: expect.stringMatching(/TLS certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/),
    hint: expect.stringContaining('caFile'),
  });
  setDefaultCACertificates([...getCACertificates('default'), pem('cert')]); // What caFile does.
  expect(await asked(`s3://b1?endpoint=https://localhost:${server.port}`)).toBeUndefined();
  expect(await asked(`s3://b1?endpoint=https://127.0.0.1:${server.port}`)).toMatchObject({
    transient: false,
    message: expect.stringMatching(/for another host/),
  });
});

test('TLS: a server that does not speak it', async () => {
  await using server = await listening(createServer(LISTING));
  expect(await asked(`s3://b1?endpoint=https://localhost:${server.port}`)).toMatchObject({
    transient: false,
    message: expect.stringMatching(/does not speak TLS/),
  });
});

// B27
test('a proxy is used, except for what NO_PROXY names', async () => {
  const seen: string[] = [];
  await using proxy = await listening(
    createServer((request, response) => {
      seen.push(`${request.method} ${request.url?.replace(/\?.*/, '')}`);
      LISTING(request, response);
    }),
  );
  const env = {HTTP_PROXY: `http://127.0.0.1:${proxy.port}`};
  expect(await asked('s3://b1?endpoint=http://s3.holdfast.test', env)).toBeUndefined();
  expect(seen).toEqual(['GET http://s3.holdfast.test/b1/']);
  const around = await asked('s3://b1?endpoint=http://s3.holdfast.test', {
    ...env,
    NO_PROXY: '.holdfast.test',
  });
  expect(around).toMatchObject({
    transient: true,
    message: expect.stringMatching(/name of the store cannot be resolved/),
  });
  expect(seen).toHaveLength(1);
});

// Issue 4, "Must hold" 5. Handed over whole, each body would be copied whole by TLS until it is sent.
test('eight uploads at once over TLS take no memory beside the packs', async () => {
  const slow: RequestListener = (request, response) => {
    request.on('end', () => response.end());
    if (request.method === 'HEAD') return void response.writeHead(404).end();
    let pieces = 0;
    request.on('data', () => {
      if (++pieces % 20 > 0) return;
      request.pause();
      setImmediate(() => request.resume());
    });
  };
  await using server = await listening(createTlsServer({key: pem('key'), cert: pem('cert')}, slow));
  setDefaultCACertificates([...getCACertificates('default'), pem('cert')]);
  await using target = openS3(`s3://b1x?endpoint=https://localhost:${server.port}`, {env: CANARY});
  const packs = Array.from({length: 8}, () => Buffer.alloc(16 * 2 ** 20, 1));
  const before = process.memoryUsage().rss;
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before);
  }, 10);
  await Promise.all(packs.map((pack, i) => target.put(`packs/${i}`, pack)));
  clearInterval(timer);
  expect(most / 2 ** 20).toBeLessThan(90); // The server is in this process, too.
});

/** Stands before a server, and answers late; one request in `oneIn` fails, in one of several ways, before or after it was done. */
function failing(to: URL, oneIn: number, delayMs: number): {server: Server; failed: () => number} {
  let count = 0;
  let failed = 0;
  const server = createServer(async (request, response) => {
    const isBad = ++count % oneIn === 0;
    const way = isBad ? failed++ % 4 : -1;
    await sleep(delayMs);
    if (way === 0) return void request.socket.resetAndDestroy();
    if (way === 1) {
      request.resume();
      return void response.writeHead(503, {'retry-after': '0'}).end('<Error><Code>SlowDown</Code></Error>');
    }
    const {hostname, port} = to;
    const forward = httpRequest({
      hostname,
      port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
    forward.on('response', (answer) => {
      if (way === 2) {
        answer.resume();
        return void response.socket?.resetAndDestroy(); // It was done, but nobody knows.
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (way !== 3) return void answer.pipe(response);
      answer.once('data', (piece: Buffer) => {
        response.write(piece.subarray(0, piece.length / 2));
        response.socket?.destroySoon();
        answer.resume();
      });
      answer.once('end', () => response.end());
    });
    forward.on('error', () => response.socket?.destroy());
    request.pipe(forward);
  });
  return {server, failed: () => failed};
}

// B1-B6, B8: "Must hold" 3 of issue 4, smaller.
test.runIf(ceph)('backup and restore over a network that fails at random', async () => {
  const facts = ceph ?? {};
  const {server, failed} = failing(new URL(facts['S3_ENDPOINT'] ?? ''), 12, 5);
  await using proxy = await listening(server);
  const url = newBucketUrl({...facts, S3_ENDPOINT: `http://127.0.0.1:${proxy.port}`}, 'app01');
  const target = await openTarget(url, '/', {env: credentials(facts)});
  await target.create({container: true});
  await using machine = await Machine.create({wrap: () => target});
  mkdirSync(join(machine.source, 'folder'));
  for (let i = 0; i < 40; i++)
    writeFileSync(join(machine.source, 'folder', String(i)), noise(200_000, `file ${i}`));
  const expected = describeTree(machine.source);
  const {id} = await machine.backup({}, {}, {packBytes: 300_000});
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
  const to = join(machine.folder, 'restored');
  expect(await machine.restore(String(id), to)).toMatchObject({warnings: [], damaged: []});
  expect(describeTree(to)).toEqual(expected);
  expect(failed()).toBeGreaterThan(8);
  expect(target.retries).toBeGreaterThan(5);
  await target[Symbol.asyncDispose]();
});
