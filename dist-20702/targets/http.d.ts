import { Watchdog } from './watchdog.ts';
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
/**
 * Sends one request, once. Redirects are not followed, nothing is decompressed, and no body is kept in memory.
 *
 * @throws {@link TargetError} where no answer comes; any answer, whatever its status, is returned
 */
export declare function sendHttp(request: HttpRequest, { stallMs }?: HttpOptions): Promise<HttpResponse>;
/** An answer. Read its bytes, or discard them; else its connection stays occupied. */
export declare class HttpResponse {
    #private;
    readonly status: number;
    readonly headers: Headers;
    constructor(response: Response, watchdog: Watchdog, request: HttpRequest);
    /** The body as it arrives, the first time; then nothing. @throws {@link TargetError} where it breaks off or stands still */
    bytes(): AsyncGenerator<Uint8Array, void, undefined>;
    /** The body as text. @throws {@link TargetError} if it has more than `mostBytes` */
    text(mostBytes: number): Promise<string>;
    /** Passes over the body. That it breaks off matters to nobody. */
    discard(): Promise<void>;
}
