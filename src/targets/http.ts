import {networkError} from './http-errors.ts';
import {TargetError} from './target.ts';
import {Watchdog} from './watchdog.ts';

export interface HttpRequest {
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Awaited before each piece of the body. */
  readonly pace?: ((sizeBytes: number) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The beginning of a message about its failure, such as `Cannot store etc/x in swift://c`. */
  readonly what: string;
}

export interface HttpOptions {
  /** How long a request may stand still. */
  readonly stallMs?: number | undefined;
}

const STALL_MS = 60_000;
const PIECE_BYTES = 65_536;
/** Bodies up to this size are read to their end to keep the connection; of longer ones, the connection is given up. */
const KEEP_CONNECTION_BYTES = 65_536;

/**
 * Sends one request, once. Redirects are not followed, nothing is decompressed, and no body is kept in memory.
 *
 * @throws {@link TargetError} where no answer comes; any answer, whatever its status, is returned
 */
export async function sendHttp(
  request: HttpRequest,
  {stallMs = STALL_MS}: HttpOptions = {},
): Promise<HttpResponse> {
  const {method, url, headers, body, signal, what} = request;
  signal?.throwIfAborted();
  const watchdog = new Watchdog(stallMs, signal, () => stalledError(what, stallMs));
  try {
    watchdog.waiting();
    const response = await fetch(url, {
      method,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        ...(body !== undefined && {'content-length': String(body.length)}),
      },
      redirect: 'manual',
      signal: watchdog.signal,
      ...(body !== undefined &&
        (body.length === 0
          ? {body: ''}
          : {body: ReadableStream.from(pieces(body, request, watchdog)), duplex: 'half'})),
    });
    watchdog.restart();
    return new HttpResponse(response, watchdog, request);
  } catch (cause) {
    watchdog[Symbol.dispose]();
    signal?.throwIfAborted();
    throw networkError(what, url, cause);
  }
}

async function* pieces(
  body: Uint8Array,
  {pace}: HttpRequest,
  watchdog: Watchdog,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    const piece = body.subarray(at, at + PIECE_BYTES);
    if (pace !== undefined) {
      watchdog.moved(0);
      await pace(piece.length);
    }
    watchdog.waiting();
    yield piece;
    watchdog.moved(piece.length);
  }
  watchdog.restart();
  watchdog.waiting(); // For the answer.
}

/** An answer. Read its bytes, or discard them; else its connection stays occupied. */
export class HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly #response: Response;
  readonly #watchdog: Watchdog;
  readonly #request: HttpRequest;
  #isTaken = false;

  constructor(response: Response, watchdog: Watchdog, request: HttpRequest) {
    this.status = response.status;
    this.headers = response.headers;
    this.#response = response;
    this.#watchdog = watchdog;
    this.#request = request;
  }

  /** The body as it arrives, the first time; then nothing. @throws {@link TargetError} where it breaks off or stands still */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#isTaken) return;
    this.#isTaken = true;
    using watchdog = this.#watchdog;
    const reader = this.#response.body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        watchdog.waiting();
        const {done, value} = await reader.read();
        watchdog.moved(value?.length ?? 0);
        if (done) return;
        yield value;
      }
    } catch (cause) {
      this.#request.signal?.throwIfAborted();
      throw networkError(this.#request.what, this.#request.url, cause);
    }
  }

  /** The body as text. @throws {@link TargetError} if it has more than `mostBytes` */
  async text(mostBytes: number): Promise<string> {
    const kept: Uint8Array[] = [];
    let length = 0;
    for await (const piece of this.bytes()) {
      length += piece.length;
      if (length > mostBytes) {
        throw new TargetError(`${this.#request.what}: the answer has more than ${mostBytes} bytes.`, {
          transient: false,
        });
      }
      kept.push(piece);
    }
    return Buffer.concat(kept).toString('utf8');
  }

  /** Passes over the body. That it breaks off matters to nobody. */
  async discard(): Promise<void> {
    let length = 0;
    try {
      for await (const piece of this.bytes()) {
        length += piece.length;
        if (length > KEEP_CONNECTION_BYTES) return;
      }
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
    }
  }
}

function stalledError(what: string, stallMs: number): TargetError {
  return new TargetError(`${what}: nothing moved for ${stallMs / 1000} s.`, {
    transient: true,
    hint: 'Check the network and the state of the storage, then run this again.',
  });
}
