/** What a real Swift cannot be made to do. */
import type {IncomingMessage, ServerResponse} from 'node:http';
import {describe, expect, test} from 'vitest';
import {DamageError} from '../../src/errors.ts';
import type {TargetAccess} from '../../src/targets/access.ts';
import {readObject} from '../../src/targets/read.ts';
import {ResilientTarget} from '../../src/targets/resilient.ts';
import {openSwift, type SwiftTarget} from '../../src/targets/swift.ts';
import {ObjectExistsError, TargetError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {FakeClock} from '../support/fake-clock.ts';
import {type Exchange, scriptedServer} from '../support/scripted-server.ts';
import {someBytes} from './conformance.ts';
import {failure} from './scratch.ts';

type Answer = (response: ServerResponse, request: Exchange, incoming: IncomingMessage) => void;

const CANARY = 'canary-of-a-secret';
const MD5_OF_HELLO = '5d41402abc4b2a76b9719d911017c592';

/** A Swift that logs everybody in, and gives these answers one after the other; the last one again and again. */
async function swiftThat(answers: readonly Answer[], access: Partial<TargetAccess> = {}) {
  const left = [...answers];
  let logins = 0;
  const warnings: string[] = [];
  const server = await scriptedServer((request, response, incoming) => {
    if (request.path === '/auth') {
      logins += 1;
      response.setHeader('x-storage-url', `${server.url}/v1/AUTH_x`);
      response.setHeader('x-auth-token', `${CANARY}-token-${logins}`);
      return void response.end();
    }
    const answer = left.length > 1 ? left.shift() : left[0];
    answer?.(response, request, incoming);
  });
  const env = {ST_AUTH: `${server.url}/auth`, ST_USER: 'me', ST_KEY: CANARY};
  const clock = new FakeClock();
  const plain = await openSwift('swift://box/vm', {
    env,
    stallMs: 300,
    onWarning: (warning) => warnings.push(warning),
    ...access,
  });
  const target = new ResilientTarget(plain, {}, clock);
  return {
    server,
    plain,
    target,
    clock,
    warnings,
    logins: () => logins,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response, _request, incoming) => {
    incoming.on('end', () => response.writeHead(code, headers).end(body));
    incoming.resume();
  };

const hello = (headers: Record<string, string> = {}): Answer =>
  status(200, {'content-length': '5', etag: MD5_OF_HELLO, ...headers}, 'hello');

const read = async (target: Pick<SwiftTarget, 'get'>, range?: {offset: number; length: number}) =>
  Buffer.concat(await collect(target.get('a/b', range))).toString();

/** J1: whatever went wrong, no secret is told. */
function expectNoSecret(error: unknown): void {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const told = `${cause.message}\n${cause.stack}\n${JSON.stringify(cause)}`;
    expect(told).not.toContain(CANARY);
  }
}

describe('answers that pass', () => {
  // B1, B2
  test.each([500, 502, 503, 504, 429, 498, 408])('%i, then well: tried again and counted', async (code) => {
    await using swift = await swiftThat([status(code), status(code), hello()]);
    expect(await read(swift.target)).toBe('hello');
    expect(swift.target.retries).toBe(2);
  });

  // B2
  test('Retry-After is obeyed', async () => {
    await using swift = await swiftThat([
      status(503, {'retry-after': '17'}),
      status(429, {'retry-after': new Date(Date.now() + 40_000).toUTCString()}),
      hello(),
    ]);
    expect(await read(swift.target)).toBe('hello');
    const [first = 0, second = 0] = swift.clock.slept;
    expect(first).toBe(17_000);
    expect(second).toBeGreaterThan(30_000);
    expect(second).toBeLessThan(41_000);
  });
});

describe('answers that stay', () => {
  // B15, B17
  test.each([
    [403, /access is denied \(403\)/],
    [413, /quota/],
    [507, /disks are full/],
    [501, /says 501/],
    [301, /redirects/], // B23
  ])('%i ends at once, with exit code 13', async (code, message) => {
    await using swift = await swiftThat([
      status(code, {location: 'http://elsewhere.example/', 'x-trans-id': 'tx12345678-90'}),
    ]);
    const error = await failure(swift.target.put('a/b', someBytes(10)));
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({exitCode: 13, message: expect.stringMatching(message)});
    expect((error as Error).message).toContain('transaction tx12345678-90');
    expect(swift.server.requests.filter(({method}) => method === 'PUT')).toHaveLength(1);
    expectNoSecret(error);
  });

  // B16
  test('a login that is refused is tried once, by all together', async () => {
    let logins = 0;
    await using server = await scriptedServer((_request, response) => {
      logins += 1;
      response.writeHead(401).end('Unauthorized');
    });
    const env = {ST_AUTH: `${server.url}/auth`, ST_USER: 'me', ST_KEY: CANARY};
    const target = new ResilientTarget(await openSwift('swift://box/vm', {env}), {}, new FakeClock());
    const errors = await Promise.all(
      Array.from({length: 8}, (_, i) => failure(target.put(`a/${i}`, someBytes(10)))),
    );
    for (const error of errors) {
      expect(error).toMatchObject({
        exitCode: 13,
        message: expect.stringContaining('credentials are refused'),
      });
      expectNoSecret(error);
    }
    expect(logins).toBe(1);
  });

  // B16
  test('a token that is refused is renewed once, not again and again', async () => {
    await using swift = await swiftThat([status(401), hello()]);
    expect(await read(swift.target)).toBe('hello');
    expect(swift.logins()).toBe(2);
    await using other = await swiftThat([status(401)]);
    const error = await failure(read(other.target));
    expect(error).toMatchObject({exitCode: 13, message: expect.stringContaining('refuses the login')});
    expect(other.logins()).toBe(2);
    expectNoSecret(error);
  });

  // B16
  test('a storage that takes a login, and then no login for a while, is asked again, and not for ever', async () => {
    await using swift = await swiftThat([hello(), status(401), status(401), status(401), hello()]);
    expect(await read(swift.target)).toBe('hello');
    expect(await read(swift.target)).toBe('hello');
    expect(swift.target.retries).toBe(2);
    await using other = await swiftThat([hello(), status(401)]);
    expect(await read(other.target)).toBe('hello');
    const error = await failure(read(other.target));
    expect(error).toMatchObject({
      exitCode: 13,
      message: expect.stringMatching(/took an earlier one.*was tried/),
    });
    expect(other.logins()).toBeLessThan(45); // Five minutes, with waits of up to 20 s.
    expectNoSecret(error);
  });

  // B14
  test('a missing container is never an empty one', async () => {
    await using swift = await swiftThat([status(404)]);
    await expect(swift.target.stat('a/b')).rejects.toThrow('container is not there');
    await expect(read(swift.target)).rejects.toThrow('container is not there');
    await expect(swift.target.remove('a/b')).rejects.toThrow('container is not there');
    await expect(collect(swift.target.list(''))).rejects.toThrow('container is not there');
    expect(await failure(swift.target.create())).toMatchObject({
      hint: expect.stringContaining('init --create'),
    });
  });
});

describe('connections that fail', () => {
  // B3
  test.each<[string, Answer]>([
    ['no answer', () => {}],
    ['an upload that is not taken', (_response, _request, incoming) => incoming.pause()],
  ])('%s: given up, and tried again', async (_, answer) => {
    await using swift = await swiftThat([answer, answer, status(404), status(204), status(201)]);
    const body = someBytes(8 * 2 ** 20);
    await swift.target.put('a/b', body);
    expect(swift.target.retries).toBeGreaterThan(0);
  });

  // B3
  test('an answer that crawls is given up', async () => {
    const timers: NodeJS.Timeout[] = [];
    await using swift = await swiftThat([
      (response) => {
        response.writeHead(200, {'content-length': '1000'});
        timers.push(setInterval(() => response.write('x'), 20));
      },
    ]);
    await expect(read(swift.plain)).rejects.toThrow('nothing moved for 0.3 s');
    for (const timer of timers) clearInterval(timer);
  });

  // B4, B5
  test('a reset in the midst of an upload: the whole body is sent again', async () => {
    const body = someBytes(3 * 2 ** 20);
    await using swift = await swiftThat([
      (_response, _request, incoming) => incoming.once('data', () => incoming.socket.destroy()),
      status(404), // Is it there?
      status(204), // The container is.
      status(201),
    ]);
    await swift.target.put('a/b', body);
    expect(swift.server.requests.at(-1)).toMatchObject({method: 'PUT', bytes: body.length});
    expect(swift.server.requests.at(-1)?.headers['content-length']).toBe(String(body.length));
  });

  // B27
  test('no server there: bounded, exit code 13, and the address is named', async () => {
    const server = await scriptedServer(() => {});
    await server[Symbol.asyncDispose]();
    const env = {ST_AUTH: `${server.url}/auth`, ST_USER: 'me', ST_KEY: CANARY};
    const clock = new FakeClock();
    const target = new ResilientTarget(await openSwift('swift://box', {env}), {}, clock);
    const error = await failure(target.stat('a'));
    expect(error).toMatchObject({exitCode: 13, message: expect.stringMatching(/refused .*ECONNREFUSED/)});
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(20_000);
    expectNoSecret(error);
  });

  test('an upload can be interrupted', async () => {
    await using swift = await swiftThat([() => {}]);
    const controller = new AbortController();
    const put = swift.target.put('a/b', someBytes(10), {signal: controller.signal});
    controller.abort(new Error('stopped'));
    await expect(put).rejects.toThrow('stopped');
  });
});

describe('answers that lie', () => {
  // B8, M7
  test('too few bytes are read again; without a length nothing is believed', async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, {'content-length': '5', etag: MD5_OF_HELLO}).write('hel', () => {
        response.destroy();
      });
    };
    await using swift = await swiftThat([cut, hello()]);
    expect(await read(swift.target)).toBe('hello');
    await using other = await swiftThat([
      (response) => {
        response.useChunkedEncodingByDefault = false;
        response.writeHead(200, {connection: 'close'}).end('hel');
      },
    ]);
    await expect(read(other.target)).rejects.toThrow('does not say how long');
    await using packed = await swiftThat([hello({'content-encoding': 'gzip'})]);
    await expect(read(packed.target)).rejects.toThrow('does not say how long');
  });

  // B9
  test('wrong bytes of the right length are damage', async () => {
    await using swift = await swiftThat([status(200, {'content-length': '5', etag: MD5_OF_HELLO}, 'hallo')]);
    const error = await failure(read(swift.target));
    expect(error).toBeInstanceOf(DamageError);
    expect(error).toMatchObject({exitCode: 4, object: 'a/b'});
    const garbled = status(200, {'content-length': '5', etag: MD5_OF_HELLO}, 'hallo');
    await using once = await swiftThat([garbled, hello()]);
    expect(Buffer.from(await readObject(once.target, 'a/b', {maxBytes: 5})).toString()).toBe('hello');
    await using twice = await swiftThat([garbled, garbled, hello()]);
    await expect(readObject(twice.target, 'a/b', {maxBytes: 5})).rejects.toThrow(DamageError);
  });

  // B10
  test('the whole object instead of a part is noticed; so is another part', async () => {
    await using swift = await swiftThat([hello()]);
    await expect(read(swift.target, {offset: 1, length: 2})).rejects.toThrow(
      'not the part that was asked for',
    );
    await using other = await swiftThat([status(206, {'content-range': 'bytes 0-1/5'}, 'he')]);
    await expect(read(other.target, {offset: 1, length: 2})).rejects.toThrow(
      'not the part that was asked for',
    );
    await using short = await swiftThat([status(206, {'content-range': 'bytes 1-4/5'}, 'ello')]);
    await expect(read(short.target, {offset: 1, length: 9})).rejects.toThrow('it has 5 bytes');
  });

  // B21, B22
  test('a storage that keeps other bytes than it was sent is found by its ETag', async () => {
    await using swift = await swiftThat([status(201, {etag: MD5_OF_HELLO})]);
    await expect(swift.target.put('a/b', someBytes(10))).rejects.toThrow('keeps other bytes');
  });

  // B7
  test('a name that is taken is compared, and never overwritten', async () => {
    await using swift = await swiftThat([status(412), status(200, {'content-length': '5'}), hello()]);
    await swift.target.put('a/b', Buffer.from('hello'));
    await using other = await swiftThat([status(412), status(200, {'content-length': '6'})]);
    await expect(other.target.put('a/b', Buffer.from('hello'))).rejects.toThrow(ObjectExistsError);
  });

  // B13
  test('a listing that is none, too large, or endless', async () => {
    await using swift = await swiftThat([status(200, {}, '<html>')]);
    await expect(collect(swift.plain.list(''))).rejects.toThrow('no listing');
    await using huge = await swiftThat([
      (response) => {
        response.writeHead(200);
        const write = () => {
          while (response.write(Buffer.alloc(2 ** 20, 32)));
        };
        response.on('drain', write);
        write();
      },
    ]);
    await expect(collect(huge.plain.list(''))).rejects.toThrow(/more than \d+ bytes/);
    const entry = {
      name: 'vm/a',
      bytes: 1,
      last_modified: '2026-01-01T00:00:00.000000',
      hash: '',
      content_type: '',
    };
    await using endless = await swiftThat([status(200, {}, JSON.stringify([entry]))]);
    await expect(collect(endless.target.list(''))).rejects.toThrow('does not come to an end');
  });

  // B20
  test('a clock that is far off is told once', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    await using swift = await swiftThat([hello({date})]);
    await read(swift.target);
    await read(swift.target);
    expect(swift.warnings).toEqual([expect.stringMatching(/clock of the storage is (59|60) minutes ahead/)]);
  });
});

test('an upload is sent piece by piece at its rate', async () => {
  await using swift = await swiftThat([status(201)]);
  const clock = new FakeClock();
  const target = new ResilientTarget(swift.plain, {uploadBytesPerSecond: 65_536}, clock);
  await Promise.all([target.put('a/b', someBytes(640 * 1024)), target.put('a/c', someBytes(640 * 1024))]);
  expect(clock.slept.length).toBeGreaterThan(10);
  expect(Math.max(...clock.slept)).toBeLessThanOrEqual(2000);
  expect(clock.now() - 1000).toBe(19_000); // The last second is the sending itself.
});

test('whoever waits for a login can be interrupted; the others get it', async () => {
  const late: ServerResponse[] = [];
  await using server = await scriptedServer((_request, response) => late.push(response));
  const env = {ST_AUTH: `${server.url}/auth`, ST_USER: 'me', ST_KEY: CANARY};
  const target = await openSwift('swift://box', {env});
  const controller = new AbortController();
  const impatient = failure(target.stat('a', {signal: controller.signal}));
  const patient = failure(target.stat('b'));
  await expect.poll(() => late.length).toBe(1);
  controller.abort(new Error('stopped'));
  expect(await impatient).toMatchObject({message: 'stopped'});
  late[0]?.writeHead(401).end();
  expect(await patient).toMatchObject({message: expect.stringContaining('credentials are refused')});
});
