/** A loopback proxy before a real server: slow, and now and then it fails as networks do. */
import {createServer, type IncomingMessage, type ServerResponse, request as send} from 'node:http';
import type {AddressInfo} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';

const FAULTS = ['refuse', 'reset before', 'reset after', 'cut the answer', 'throttle'] as const;

export interface FlakyProxy extends AsyncDisposable {
  readonly url: string;
  /** How often each fault happened. */
  readonly faults: Readonly<Record<string, number>>;
  readonly requests: () => number;
}

/**
 * @param share of requests that fail, from 0 to 1
 * @param seed so that a run can be repeated
 */
export async function flakyProxy(
  upstream: URL,
  {share, latencyMs, seed}: {share: number; latencyMs: number; seed: number},
): Promise<FlakyProxy> {
  const faults: Record<string, number> = {};
  let requests = 0;
  const random = randomFrom(seed);
  const server = createServer((incoming, response) => {
    requests += 1;
    const fault = random() < share ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
    if (fault !== undefined) faults[fault] = (faults[fault] ?? 0) + 1;
    incoming.on('error', () => {});
    response.on('error', () => {});
    void wait(latencyMs).then(() => pass(upstream, incoming, response, fault));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(
  upstream: URL,
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: (typeof FAULTS)[number] | undefined,
): void {
  if (fault === 'reset before') return void incoming.socket.destroy();
  if (fault === 'refuse' || fault === 'throttle') {
    incoming.resume().on('end', () => {
      if (fault === 'throttle') response.writeHead(503, {'retry-after': '1'}).end();
      else response.writeHead(500).end('Internal Error');
    });
    return;
  }
  const {method, url, headers} = incoming;
  const {hostname, port} = upstream;
  const outgoing = send({hostname, port, method, path: url, headers}, (answer) => {
    if (fault === 'reset after') return void incoming.socket.destroy();
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (fault !== 'cut the answer') return void answer.pipe(response);
    answer.once('data', (piece: Buffer) => {
      response.write(piece.subarray(0, piece.length / 2), () => incoming.socket.destroy());
    });
    answer.once('end', () => incoming.socket.destroy());
  });
  outgoing.on('error', () => incoming.socket.destroy());
  incoming.on('close', () => {
    if (!incoming.complete) outgoing.destroy();
  });
  incoming.pipe(outgoing);
}

/** A linear congruential generator: the quality is enough to break things. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
