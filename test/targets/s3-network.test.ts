/** What lies between Holdfast and S3: TLS, proxies, and names that cannot be resolved. */
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer, type RequestListener, type Server} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {getCACertificates, setDefaultCACertificates} from 'node:tls';
import {expect, test} from 'vitest';
import {openS3} from '../../src/targets/s3.ts';
import {CANARY} from './s3-script.ts';
import {failure} from './scratch.ts';

const TLS = join(import.meta.dirname, '../fixtures/tls');
const pem = (name: string) => readFileSync(join(TLS, `localhost.${name}.pem`), 'utf8');

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
