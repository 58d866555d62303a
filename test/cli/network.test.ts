/** Proxies, authorities of one's own, and unencrypted addresses, through the real command line. */
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createServer as createHttp, type RequestListener} from 'node:http';
import {createServer as createHttps} from 'node:https';
import {type AddressInfo, connect} from 'node:net';
import {expect, test} from 'vitest';
import {Scratch} from './scratch.ts';

/** Logs everybody in at `/auth`; has a container without anything in it. */
const swift: RequestListener = (request, response) => {
  if (request.url === '/auth') {
    const scheme = 'encrypted' in request.socket ? 'https' : 'http';
    response.setHeader('x-storage-url', `${scheme}://${request.headers.host}/v1/AUTH_x`);
    response.setHeader('x-auth-token', 'token');
    response.end();
  } else {
    response.writeHead(request.url === '/v1/AUTH_x/box' ? 204 : 404).end();
  }
};

async function listening(server: ReturnType<typeof createHttp>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const credentials = (auth: string) => ({ST_AUTH: auth, ST_USER: 'me', ST_KEY: 'canary-of-a-key'});
const NO_REPOSITORY = 10; // The container answers, and holds nothing.

// B23
test('a server with a certificate of an unknown authority is refused; caFile makes it known', async () => {
  using user = new Scratch();
  const [keyFile, certFile] = [user.path('key.pem'), user.path('ca.pem')];
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      ...name,
    ],
    {stdio: 'ignore'},
  );
  await using server = await listening(
    createHttps({key: readFileSync(keyFile), cert: readFileSync(certFile)}, swift),
  );
  user.env = credentials(`https://127.0.0.1:${server.port}/auth`);
  user.write('holdfast.yaml', 'repository: swift://box\n');
  const refused = await user.json(['snapshots']);
  expect(refused).toMatchObject({
    code: 13,
    json: {message: expect.stringContaining('cannot be trusted'), hint: expect.stringContaining('caFile')},
  });
  user.write('holdfast.yaml', 'repository: swift://box\nrequireTls: true\ncaFile: ca.pem\n');
  expect((await user.run(['snapshots'])).code).toBe(NO_REPOSITORY);
  user.write('holdfast.yaml', 'repository: swift://box\n');
  expect((await user.run(['snapshots'], {env: {OS_CACERT: certFile}})).code).toBe(NO_REPOSITORY);
  user.write('holdfast.yaml', 'repository: swift://box\ncaFile: holdfast.yaml\n');
  expect(await user.json(['snapshots'])).toMatchObject({code: 2, json: {code: 'CONFIG_INVALID'}});
});

// B27
test('the proxies of the environment are used, except where NO_PROXY says otherwise', async () => {
  using user = new Scratch();
  await using server = await listening(createHttp(swift));
  const asked: string[] = [];
  const proxy = createHttp((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, client) => {
    asked.push(request.url ?? '');
    const upstream = connect(server.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await using proxyServer = await listening(proxy);
  const env = {
    ...credentials('http://swift.invalid:8080/auth'),
    HTTP_PROXY: `http://127.0.0.1:${proxyServer.port}`,
    HOLDFAST_RETRY_FOR: '1s',
  };
  const repository = ['--repository', 'swift://box'];
  const ran = await user.run(['snapshots', ...repository], {env});
  expect(ran.code, ran.stderr).toBe(NO_REPOSITORY);
  expect(ran.stderr).toContain('without encryption'); // Told, since swift.invalid is not this machine.
  expect(asked).toContain('swift.invalid:8080');

  asked.length = 0;
  const direct = await user.json(['snapshots', ...repository], {env: {...env, NO_PROXY: 'swift.invalid'}});
  expect(direct).toMatchObject({code: 13, json: {message: expect.stringContaining('ENOTFOUND')}});
  expect(asked).toEqual([]);

  const wrong = await user.json(['snapshots', ...repository], {env: {...env, HTTP_PROXY: 'me:canary@@:x'}});
  expect(wrong.code).toBe(2);
  expect(wrong.stdout + wrong.stderr).not.toContain('canary');
});

test('requireTls refuses what is neither encrypted nor on this machine, before any request', async () => {
  using user = new Scratch();
  user.env = credentials('http://swift.invalid/auth');
  user.write('holdfast.yaml', 'repository: swift://box\nrequireTls: true\n');
  expect(await user.json(['snapshots'])).toMatchObject({
    code: 2,
    json: {message: expect.stringContaining('requireTls forbids that')},
  });
});
