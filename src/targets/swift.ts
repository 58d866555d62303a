import {createHash} from 'node:crypto';
import type {TargetAccess} from './access.ts';
import {type Clock, systemClock} from './clock.ts';
import {checkRange} from './file-read.ts';
import {type HttpRequest, type HttpResponse, sendHttp} from './http.ts';
import {checkObjectName, checkPrefix} from './object-name.ts';
import {foldersOfPages, objectsOfPages} from './pages.ts';
import {md5Of, rangeBody, tooShort, wholeBody} from './swift-body.ts';
import {findCredentials} from './swift-credentials.ts';
import {describeSwift} from './swift-describe.ts';
import {swiftError} from './swift-errors.ts';
import {decodePage} from './swift-list.ts';
import {labelOf, parseSwiftUrl, type SwiftPlace} from './swift-place.ts';
import {Sessions} from './swift-session.ts';
import {
  type ByteRange,
  type CallOptions,
  type CreateOptions,
  type ListPage,
  ObjectExistsError,
  type ObjectInfo,
  ObjectMissingError,
  type ObjectName,
  type PageRequest,
  type PutOptions,
  type StoredSums,
  type Target,
  TargetError,
  type TargetFact,
} from './target.ts';

/** A page has up to 10,000 names of up to 1 KiB each. */
const MOST_PAGE_BYTES = 32 * 2 ** 20;
/** A clock that is further off than this is told. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Opens `swift://container/prefix`. Nothing is asked of the network yet. */
export async function openSwift(url: string, access: TargetAccess): Promise<SwiftTarget> {
  const place = parseSwiftUrl(url);
  const credentials = await findCredentials(access, place);
  return new SwiftTarget(place, labelOf(place, credentials), new Sessions(credentials, access), access);
}

type Call = Pick<HttpRequest, 'method' | 'signal' | 'what'> &
  Partial<Pick<HttpRequest, 'headers' | 'body' | 'pace'>> & {
    /** Below the account. */
    readonly path: string;
  };

/**
 * Keeps objects in a container of OpenStack Swift. Swift looks whether a name is taken before it writes: of several writers at the same
 * time all may win, and the last one's content stays. What Holdfast writes has unique names, so nothing rests on that.
 */
export class SwiftTarget implements Target {
  readonly label: string;
  readonly paced = true;
  readonly keepsMd5 = true;
  readonly #place: SwiftPlace;
  readonly #sessions: Sessions;
  readonly #access: TargetAccess;
  readonly #clock: Clock;
  #isSkewTold = false;

  constructor(place: SwiftPlace, label: string, sessions: Sessions, access: TargetAccess) {
    this.#place = place;
    this.label = label;
    this.#sessions = sessions;
    this.#access = access;
    this.#clock = access.clock ?? systemClock;
  }

  async create({container = false, signal}: CreateOptions = {}): Promise<void> {
    const what = `Cannot use ${this.label}`;
    if (await this.#hasContainer(what, signal)) return;
    if (!container) throw swiftError(what, {status: 404, headers: new Headers()}, this.#clock.wallMs());
    await this.#done({method: 'PUT', path: this.#container, signal, what: `Cannot make ${this.label}`});
  }

  async put(name: ObjectName, body: Uint8Array, options: PutOptions = {}): Promise<void> {
    await this.#store(name, body, {'if-none-match': '*', ...this.#expiry(name)}, options);
  }

  async replace(name: ObjectName, body: Uint8Array, options: PutOptions = {}): Promise<void> {
    await this.#store(name, body, {}, options);
  }

  async *get(name: ObjectName, range?: ByteRange, {signal}: CallOptions = {}): AsyncIterable<Uint8Array> {
    const path = this.#path(name);
    if (range !== undefined) checkRange(range);
    const what = `Cannot read ${name} from ${this.label}`;
    if (range?.length === 0) return await this.#expectUntil(name, range.offset, what, signal);
    const headers: Record<string, string> =
      range === undefined ? {} : {range: `bytes=${range.offset}-${range.offset + range.length - 1}`};
    const response = await this.#send({method: 'GET', path, headers, signal, what});
    if (response.status === 404) {
      await response.discard();
      await this.#requireContainer(what, signal);
      throw new ObjectMissingError(this.label, name);
    }
    if (response.status === 416 && range !== undefined) {
      await response.discard();
      throw tooShort(what, undefined, range);
    }
    if (response.status !== 200 && response.status !== 206) throw await this.#refused(response, what);
    if (range === undefined) yield* wholeBody(response, what, name);
    else yield* rangeBody(response, what, range);
  }

  async stat(name: ObjectName, {signal}: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const path = this.#path(name);
    const what = `Cannot look for ${name} in ${this.label}`;
    const response = await this.#send({method: 'HEAD', path, signal, what});
    await response.discard();
    if (response.status === 404) {
      await this.#requireContainer(what, signal);
      return undefined;
    }
    if (response.status !== 200) throw await this.#refused(response, what);
    const sizeBytes = Number(response.headers.get('content-length') ?? Number.NaN);
    if (!Number.isSafeInteger(sizeBytes)) {
      throw new TargetError(`${what}: the answer does not say how long it is.`, {transient: false});
    }
    return {name, sizeBytes, modifiedMs: modifiedMs(response.headers)};
  }

  async storedSums(name: ObjectName, {signal}: CallOptions = {}): Promise<StoredSums> {
    const what = `Cannot look for ${name} in ${this.label}`;
    const response = await this.#send({method: 'HEAD', path: this.#path(name), signal, what});
    await response.discard();
    if (response.status !== 200 && response.status !== 404) throw await this.#refused(response, what);
    return {sha256: undefined, md5: response.status === 200 ? md5Of(response.headers) : undefined};
  }

  list(prefix: string, options: CallOptions = {}): AsyncIterable<ObjectInfo> {
    return objectsOfPages(this, prefix, options);
  }

  listFolders(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    return foldersOfPages(this, prefix, options);
  }

  /** Swift says that only an empty page is the end: a short one can come from a container in shards. */
  async listPage(
    prefix: string,
    {after, folders}: PageRequest,
    {signal}: CallOptions = {},
  ): Promise<ListPage> {
    checkPrefix(prefix);
    const own = this.#place.prefix;
    const query = new URLSearchParams({format: 'json', prefix: own + prefix});
    if (folders) query.set('delimiter', '/');
    if (after !== undefined) query.set('marker', own + after);
    const what = `Cannot list ${prefix === '' ? 'the objects' : prefix} in ${this.label}`;
    const response = await this.#send({method: 'GET', path: `${this.#container}?${query}`, signal, what});
    if (response.status === 204) {
      await response.discard();
      return {objects: [], folders: [], next: undefined};
    }
    if (response.status !== 200) throw await this.#refused(response, what);
    return decodePage(await response.text(MOST_PAGE_BYTES), own, prefix, what);
  }

  async describe(probe: ObjectName, {signal}: CallOptions = {}): Promise<readonly TargetFact[]> {
    const what = `Cannot look at ${this.label}`;
    const container = await this.#send({method: 'HEAD', path: this.#container, signal, what});
    await container.discard();
    const object = await this.#send({method: 'HEAD', path: this.#path(probe), signal, what});
    await object.discard();
    return describeSwift(container.headers, object.headers);
  }

  async remove(name: ObjectName, {signal}: CallOptions = {}): Promise<void> {
    const what = `Cannot remove ${name} from ${this.label}`;
    const response = await this.#send({method: 'DELETE', path: this.#path(name), signal, what});
    await response.discard();
    if (response.status === 404) return await this.#requireContainer(what, signal);
    if (response.status > 299) throw await this.#refused(response, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #store(
    name: ObjectName,
    body: Uint8Array,
    headers: Record<string, string>,
    {signal, pace, md5 = createHash('md5').update(body).digest('hex')}: PutOptions,
  ): Promise<void> {
    const path = this.#path(name);
    const what = `Cannot store ${name} in ${this.label}`;
    signal?.throwIfAborted();
    const response = await this.#send({
      method: 'PUT',
      path,
      headers: {...headers, etag: md5, 'content-type': 'application/octet-stream'},
      body,
      pace,
      signal,
      what,
    });
    await response.discard();
    if (response.status === 412) throw new ObjectExistsError(this.label, name);
    if (response.status !== 201) throw await this.#refused(response, what);
    const stored = md5Of(response.headers);
    if (stored !== undefined && stored !== md5) {
      throw new TargetError(`${what}: the storage keeps other bytes than it was sent (ETag).`, {
        transient: false,
        hint: 'Something before the storage changes what is sent: run "holdfast verify" when it is repaired.',
      });
    }
  }

  /** Only what belongs to a generation ends with it; the repository's marker, keys and reports stay. */
  #expiry(name: ObjectName): Record<string, string> {
    const {expireAfterMs} = this.#place;
    if (expireAfterMs === undefined || !/^[^/]+\/\d{8}T\d{6}Z-[^/]+\//.test(name)) return {};
    // The server counts from its own clock, and keeps X-Delete-At.
    return {'x-delete-after': String(Math.ceil(expireAfterMs / 1000))};
  }

  async #expectUntil(
    name: ObjectName,
    offset: number,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const info = await this.stat(name, {signal});
    if (info === undefined) throw new ObjectMissingError(this.label, name);
    if (info.sizeBytes < offset) throw tooShort(what, info.sizeBytes, {offset, length: 0});
  }

  /** What is missing may be the container: that is never taken for an empty repository. */
  async #requireContainer(what: string, signal: AbortSignal | undefined): Promise<void> {
    if (await this.#hasContainer(what, signal)) return;
    throw swiftError(what, {status: 404, headers: new Headers()}, this.#clock.wallMs());
  }

  async #hasContainer(what: string, signal: AbortSignal | undefined): Promise<boolean> {
    const response = await this.#send({method: 'HEAD', path: this.#container, signal, what});
    await response.discard();
    if (response.status === 404) return false;
    // Who may use a container need not be allowed to look at it.
    if (response.status <= 299 || response.status === 403) return true;
    throw await this.#refused(response, what);
  }

  async #done(call: Call): Promise<void> {
    const response = await this.#send(call);
    if (response.status > 299) throw await this.#refused(response, call.what);
    await response.discard();
  }

  /**
   * Sends a request in the present session. Where that is refused, once more in one that was begun after that: another request may have
   * begun one before, which is over by now, too.
   */
  async #send({path, headers, ...call}: Call): Promise<HttpResponse> {
    for (let loginsBefore: number | undefined; ; ) {
      const session = await this.#sessions.get(call.signal);
      const response = await sendHttp(
        {...call, url: `${session.storageUrl}/${path}`, headers: {...headers, 'x-auth-token': session.token}},
        {stallMs: this.#access.stallMs},
      );
      this.#checkClock(response.headers);
      if (response.status >= 200 && response.status < 300) {
        this.#sessions.proven = Math.max(this.#sessions.proven, session.number);
      }
      if (response.status !== 401) return response;
      this.#sessions.forget(session);
      if (loginsBefore !== undefined && session.number > loginsBefore) return response;
      // Earlier sessions were taken, and a new one is not: nothing is better at once, but perhaps after a wait.
      if (this.#sessions.proven > 0 && session.number > this.#sessions.proven) return response;
      loginsBefore ??= this.#sessions.logins;
      await response.discard();
    }
  }

  async #refused(response: HttpResponse, what: string): Promise<TargetError> {
    await response.discard();
    return swiftError(what, response, this.#clock.wallMs(), this.#sessions.proven > 0);
  }

  #checkClock(headers: Headers): void {
    const serverMs = Date.parse(headers.get('date') ?? '');
    const aheadMs = serverMs - this.#clock.wallMs();
    if (this.#isSkewTold || !(Math.abs(aheadMs) > CLOCK_SKEW_MS)) return;
    this.#isSkewTold = true;
    const minutes = Math.round(Math.abs(aheadMs) / 60_000);
    this.#access.onWarning?.(
      `the clock of the storage is ${minutes} minutes ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's: one of them is wrong.`,
    );
  }

  get #container(): string {
    return encodeURIComponent(this.#place.container);
  }

  #path(name: ObjectName): string {
    const full = this.#place.prefix + checkObjectName(name);
    return `${this.#container}/${full.split('/').map(encodeURIComponent).join('/')}`;
  }
}

function modifiedMs(headers: Headers): number {
  const seconds = Number(headers.get('x-timestamp') ?? Number.NaN);
  if (Number.isFinite(seconds)) return Math.floor(seconds * 1000);
  return Date.parse(headers.get('last-modified') ?? '') || 0;
}
