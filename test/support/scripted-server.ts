/** A loopback HTTP server that does what a real one cannot be made to do (TESTING.md B). */
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** What arrived of the body. */
  bytes: number;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: Exchange[];
}

/** @param answer is called for each request, before its body is read; reading that is the server's business */
export async function scriptedServer(
  answer: (request: Exchange, response: ServerResponse, incoming: IncomingMessage) => void,
): Promise<ScriptedServer> {
  const requests: Exchange[] = [];
  const server = createServer((incoming, response) => {
    const {method = '', url = '', headers} = incoming;
    const exchange: Exchange = {method, path: url, headers, bytes: 0};
    requests.push(exchange);
    incoming.on('data', (piece: Buffer) => {
      exchange.bytes += piece.length;
    });
    incoming.on('error', () => {}); // A client that gives up is what some tests are about.
    answer(exchange, response, incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
