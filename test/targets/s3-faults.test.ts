import {inspect} from 'node:util';
import {describe, expect, test} from 'vitest';
import {readObject} from '../../src/targets/read.ts';
import {ObjectExistsError, ObjectMissingError, TargetError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {type Answer, answer, missing, refusal, scripted, silence} from './s3-script.ts';
import {failure} from './scratch.ts';

const NAME = 'app/one.pgp';
const PIECE = Buffer.alloc(1000, 7);

/** Asks for an object, and gives what that ends in. */
async function reading(
  script: readonly Answer[],
  range?: {offset: number; length: number},
): Promise<unknown> {
  await using server = await scripted(script, {stallMs: 300});
  return await failure(readObject(server.target, NAME, {maxBytes: 100_000, range}));
}

/** Stores an object, and gives what that ends in. */
async function storing(script: readonly Answer[]): Promise<unknown> {
  await using server = await scripted([missing, ...script], {stallMs: 300});
  return await failure(server.target.put(NAME, PIECE));
}

function expectNoCanary(error: unknown): void {
  expect(inspect(error, {depth: 12, showHidden: true})).not.toMatch(/canary/i);
}

describe('an answer that is a failure', () => {
  test.each([
    [500, 'InternalError', {transient: true}, /the store has a fault \(InternalError, HTTP 500\)/], // B1
    [502, 'BadGateway', {transient: true}, /has a fault/],
    [504, 'GatewayTimeout', {transient: true}, /has a fault/],
    [503, 'SlowDown', {transient: true, throttled: true, retryAfterMs: 7000}, /less often/], // B2
    [429, 'Whatever', {transient: true, throttled: true, retryAfterMs: 7000}, /less often/],
    [400, 'RequestTimeout', {transient: true}, /does not answer/],
    [409, 'ConditionalRequestConflict', {transient: true}, /another request/],
    [403, 'AccessDenied', {transient: false, hint: /s3:PutObject/}, /access is denied/], // B15
    [403, 'AccessDenied', {hint: /new session \(AWS_SESSION_TOKEN\)/}, /or the session has ended/], // B16
    [403, 'InvalidAccessKeyId', {transient: false, hint: /AWS_ACCESS_KEY_ID/}, /credentials/],
    [403, 'SignatureDoesNotMatch', {transient: false, hint: /AWS_SECRET_ACCESS_KEY/}, /credentials/],
    [400, 'ExpiredToken', {transient: false, hint: /new ones/}, /expired/], // B16
    [403, 'RequestTimeTooSkewed', {hint: /clock of this machine/}, /clocks/], // B20
    [507, 'XMinioStorageFull', {transient: false, hint: /prune/}, /quota/], // B17
    [413, 'EntityTooLarge', {transient: false}, /larger than the store accepts/],
    [404, 'NoSuchBucket', {transient: false, hint: /holdfast init/}, /no such bucket/],
    [400, 'InvalidRequest', {transient: false}, /refused it: It is so \(InvalidRequest, HTTP 400\)/],
  ])('%i %s', async (status, code, details, message) => {
    const error = await storing([refusal(status, code, {'retry-after': '7'})]);
    expect(error).toBeInstanceOf(TargetError);
    expect(error).toMatchObject({exitCode: 13});
    const {hint, ...plain} = details as {hint?: RegExp};
    expect(error).toMatchObject(plain);
    expect((error as TargetError).message).toMatch(message);
    expect((error as TargetError).message).toContain(`Cannot store ${NAME} in s3://bucket/app`);
    if (hint !== undefined) expect((error as TargetError).hint).toMatch(hint);
    expectNoCanary(error); // J1
  });

  test('says where the bucket is', async () => {
    const error = await storing([refusal(301, 'PermanentRedirect', {'x-amz-bucket-region': 'eu-west-3'})]);
    expect(error).toMatchObject({transient: false, hint: 'Write ?region=eu-west-3 in the URL.'});
    const other = await storing([
      refusal(400, 'AuthorizationHeaderMalformed', {}, '<Region>eu-west-3</Region>'),
    ]);
    expect(other).toMatchObject({transient: false, hint: 'Write ?region=eu-west-3 in the URL.'});
  });

  // B25
  test('says that an object lies in an archive', async () => {
    expect(await reading([refusal(403, 'InvalidObjectState')])).toMatchObject({
      transient: false,
      message: expect.stringMatching(/archive class/),
    });
  });

  // B12
  test('is no missing object unless it says so', async () => {
    expect(await reading([missing])).toBeInstanceOf(ObjectMissingError);
    for (const script of [refusal(404, 'NoSuchBucket'), answer(404, '<html>Not Found</html>'), answer(403)]) {
      expect(await reading([script])).not.toBeInstanceOf(ObjectMissingError);
    }
  });

  // B14
  test('a bucket that is not there is not an empty one', async () => {
    await using server = await scripted([answer(404), refusal(404, 'NoSuchBucket')]);
    await expect(server.target.stat(NAME)).rejects.toThrow(/no such bucket/);
    await expect(collect(server.target.list(''))).rejects.toThrow(/no such bucket/);
  });
});

describe('an answer that does not come whole', () => {
  // B3
  test('silence ends', async () => {
    expect(await reading([silence])).toMatchObject({transient: true, code: 'TARGET'});
    expect(await storing([silence])).toMatchObject({transient: true, code: 'TARGET'});
  });

  // B3
  test('a body that stalls, or drips, ends', async () => {
    const start = {'content-length': '50000'};
    const stalled: Answer = (_request, response) => void response.writeHead(200, start).write(PIECE);
    expect(await reading([stalled])).toMatchObject({transient: true, code: 'TARGET'});
    const dripping: Answer = (_request, response) => {
      response.writeHead(200, start);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect(await reading([dripping])).toMatchObject({message: expect.stringMatching(/next to nothing/)});
  });

  // B8
  test.each<[string, Answer]>([
    [
      'with its length announced',
      (_request, response) => {
        response.writeHead(200, {'content-length': '2000'});
        response.write(PIECE, () => response.destroy());
      },
    ],
    [
      'in chunks',
      (_request, response) => {
        response.writeHead(200, {'transfer-encoding': 'chunked'});
        response.write(PIECE, () => response.destroy());
      },
    ],
  ])('a body that breaks off %s', async (_how, script) => {
    expect(await reading([script])).toMatchObject({transient: true, code: 'TARGET'});
  });

  // B10
  test('a range that is answered by something else', async () => {
    const range = {offset: 10, length: 20};
    const part = (contentRange: string, length = 20) =>
      answer(206, PIECE.subarray(0, length), {'content-range': contentRange});
    for (const script of [
      answer(200, PIECE),
      part('bytes 0-19/1000'),
      part('bytes 10-28/1000', 19),
      part('bytes 10-29/1000', 19),
      part('bytes 10-29/1000', 21),
      part('nonsense'),
    ]) {
      expect(await reading([script], range)).toMatchObject({transient: true, code: 'TARGET'});
    }
    expect(await reading([part('bytes 10-14/15', 5)], range)).toMatchObject({transient: false});
    expect(await reading([refusal(416, 'InvalidRange')], range)).toMatchObject({transient: false});
    expect(await reading([part('bytes 10-29/1000')], range)).toBeUndefined();
  });

  // B4
  test('a connection that is reset', async () => {
    const reset: Answer = (request) => void request.socket.resetAndDestroy();
    expect(await storing([reset])).toMatchObject({transient: true, code: 'TARGET'});
    expect(await reading([reset])).toMatchObject({transient: true, code: 'TARGET'});
  });

  test('a store that cannot be reached', async () => {
    const server = await scripted([missing]);
    await server[Symbol.asyncDispose]();
    const error = await failure(server.target.stat(NAME));
    expect(error).toMatchObject({
      transient: true,
      message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
    });
  });
});

describe('a listing', () => {
  const page = (rest: string) =>
    answer(
      200,
      `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>${rest}</ListBucketResult>`,
    );
  const contents = (key: string) =>
    `<Contents><Key>${key}</Key><Size>5</Size><LastModified>2026-11-20T02:30:00.123Z</LastModified></Contents>`;
  const more = (token: string) =>
    `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;

  // B13
  test('that cannot be complete is refused', async () => {
    for (const script of [
      [page('<IsTruncated>true</IsTruncated>')],
      [page(more('a')), page(more('a'))],
      [page(contents('app/a') + more('a')), answer(500)],
      [answer(200, '<html>welcome</html>')],
      [answer(200, '<ListBucketResult><Contents>')],
    ]) {
      await using server = await scripted(script);
      const error = await failure(collect(server.target.list('')));
      expect(error).toBeInstanceOf(TargetError);
      expectNoCanary(error);
    }
  });

  // D23
  test('with names that are none of ours is kept to ours', async () => {
    const names = [
      'app/a%2Bb',
      'app/a+b',
      'app/..',
      'app/x%01',
      'app/%FF',
      'other',
      'app/y/',
      `app/${'z'.repeat(2000)}`,
    ];
    await using server = await scripted([
      page(`<IsTruncated>false</IsTruncated>${names.map(contents).join('')}`),
    ]);
    const found = await collect(server.target.list(''));
    expect(found.map(({name}) => name)).toEqual(['a+b', 'a b']);
    expect(found[0]).toEqual({name: 'a+b', sizeBytes: 5, modifiedMs: Date.parse('2026-11-20T02:30:00Z')});
  });
});

describe('the SHA-256 that a store keeps', () => {
  const sum = Buffer.alloc(32, 7);
  test.each<[string, Record<string, string>, string | undefined]>([
    ['of the whole object', {'x-amz-checksum-sha256': sum.toString('base64')}, sum.toString('hex')],
    ['of parts', {'x-amz-checksum-sha256': `${sum.toString('base64')}-3`}, undefined],
    ['none', {}, undefined],
    ['nonsense', {'x-amz-checksum-sha256': '?'}, undefined],
  ])('%s', async (_, headers, expected) => {
    let mode: unknown;
    await using server = await scripted([
      (request, response) => {
        mode = request.headers['x-amz-checksum-mode'];
        response.writeHead(200, {'content-length': '5', ...headers}).end();
      },
    ]);
    expect((await server.target.storedSums?.('a/b'))?.sha256).toBe(expected);
    expect(mode).toBe('ENABLED');
    expect(server.requests).toEqual(['HEAD /bucket/app/a/b']);
  });
});

describe('a store that does not know everything', () => {
  const puts: Record<string, string | undefined>[] = [];
  const picky =
    (header: string, status: number, code: string): Answer =>
    (request, response, body) => {
      if (request.method !== 'PUT') return missing(request, response, body);
      puts.push({
        condition: request.headers['if-none-match'],
        sum: request.headers['x-amz-checksum-sha256'] as string,
      });
      if (request.headers[header] === undefined) return void response.end();
      return refusal(status, code, {}, '').call(undefined, request, response, body);
    };

  // B21
  test.each([
    ['if-none-match', 501, 'NotImplemented', {condition: undefined, sum: expect.any(String)}],
    ['x-amz-checksum-sha256', 501, 'NotImplemented', {condition: undefined, sum: undefined}],
  ])('gets on without %s', async (header, status, code, last) => {
    puts.length = 0;
    await using server = await scripted([picky(header, status, code)]);
    await server.target.put(NAME, PIECE);
    expect(puts[0]).toEqual({condition: '*', sum: expect.any(String)});
    expect(puts.at(-1)).toEqual(last);
    const before = puts.length;
    await server.target.put('app/two.pgp', PIECE);
    expect(puts).toHaveLength(before + 1); // Learned once.
  });

  test('heeds that a name was taken after the look', async () => {
    const error = await storing([refusal(412, 'PreconditionFailed')]);
    expect(error).toBeInstanceOf(ObjectExistsError);
  });
});
