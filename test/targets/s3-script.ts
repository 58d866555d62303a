/** A scripted loopback server, for what a real one cannot be made to answer. */
import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {TargetAccess} from '../../src/targets/access.ts';
import {openS3} from '../../src/targets/s3.ts';
import type {Target} from '../../src/targets/target.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** What must never be seen again. */
export const CANARY = {
  AWS_ACCESS_KEY_ID: 'AKIACANARYCANARY',
  AWS_SECRET_ACCESS_KEY: 'canary-secret-key',
  AWS_SESSION_TOKEN: 'canary-session-token',
};

export interface Scripted extends AsyncDisposable {
  readonly target: Target;
  /** Method and path of each request, in order. */
  readonly requests: string[];
}

/** A target whose server gives these answers, one after the other, the last one again and again. */
export async function scripted(
  answers: readonly Answer[],
  options: Partial<TargetAccess> = {},
): Promise<Scripted> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => {}); // A client that gives up is what some tests are about.
    request.on('end', () => answer?.(request, response, Buffer.concat(pieces)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  const target = openS3(`s3://bucket/app?endpoint=http://127.0.0.1:${port}`, {env: CANARY, ...options});
  return {
    target,
    requests,
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const answer =
  (status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

/** An error as S3 words it, with all that a chatty server repeats. */
export const refusal = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
  more = '',
): Answer =>
  answer(
    status,
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>It is so.</Message>${more}<AWSAccessKeyId>${CANARY.AWS_ACCESS_KEY_ID}</AWSAccessKeyId><CanonicalRequest>x-amz-security-token:${CANARY.AWS_SESSION_TOKEN}</CanonicalRequest></Error>`,
    {'content-type': 'application/xml', ...headers},
  );

export const missing = refusal(404, 'NoSuchKey');

/** Says nothing, ever. */
export const silence: Answer = () => {};
