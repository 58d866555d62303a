/** A web server on loopback that keeps what it is asked. */
import {once} from 'node:events';
import {createServer, type IncomingHttpHeaders, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class WebListener implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** What it answers to a path; 200 by default. */
  answer: (path: string) => number = () => 200;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const {method = '', url = '', headers} = request;
      this.asked.push({method, path: url, headers, body: Buffer.concat(pieces).toString()});
      response.writeHead(this.answer(url)).end();
    });
  }

  static async start(): Promise<WebListener> {
    const listener = new WebListener();
    listener.#server.listen(0, '127.0.0.1');
    await once(listener.#server, 'listening');
    return listener;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
