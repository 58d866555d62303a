import type {TargetAccess} from './access.ts';
import {type Clock, systemClock} from './clock.ts';
import {checkEndpoint} from './endpoint.ts';
import {checkRange} from './file-read.ts';
import {checkObjectName, checkPrefix} from './object-name.ts';
import {foldersOfPages, objectsOfPages} from './pages.ts';
import {makeS3Client} from './s3-client.ts';
import {decodePage, wholeSeconds} from './s3-list.ts';
import {lockedUntil, requireLock} from './s3-lock.ts';
import {S3PastTarget} from './s3-past.ts';
import {type S3PutOptions, S3Writer} from './s3-put.ts';
import {readPieces} from './s3-read.ts';
import {type Deed, S3Requests} from './s3-requests.ts';
import {sumsOf} from './s3-sums.ts';
import {parseS3Url} from './s3-url.ts';
import {
  type ByteRange,
  type CallOptions,
  type CreateOptions,
  type ListPage,
  ObjectExistsError,
  type ObjectInfo,
  type ObjectLock,
  ObjectLockedError,
  ObjectMissingError,
  type ObjectName,
  type PageRequest,
  type PutOptions,
  type StoredSums,
  type Target,
  TargetError,
  type TargetFact,
} from './target.ts';

/** How long the store may be silent. */
const STALL_MS = 60_000;
/** An upload that is slower than this is given up. */
const MIN_BYTES_PER_MS = 4;
/** One that is slow because it should be may take a day. */
const PACED_MS = 24 * 3_600_000;

/** @throws {@link UsageError} for a URL that names no place */
export function openS3(url: string, access: TargetAccess): Target {
  const {env, stallMs = STALL_MS} = access;
  const place = parseS3Url(url);
  const endpoint = place.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  if (endpoint !== undefined) {
    const from = place.endpoint === undefined ? 'AWS_ENDPOINT_URL' : 'endpoint in the URL';
    checkEndpoint(endpoint, {what: 'the storage', from}, access);
  }
  const client = makeS3Client(place, {env, stallMs});
  const requests = new S3Requests(client, place);
  if (place.at !== undefined) return new S3PastTarget(requests, place.prefix, {moment: place.at, stallMs});
  // AWS keeps the SHA-256; under keys of a KMS, the ETag is no MD5.
  const keepsMd5 = endpoint !== undefined && !place.encryption?.startsWith('aws:kms');
  return new S3Target(requests, new S3Writer(client, place), place.prefix, {...access, keepsMd5});
}

/**
 * Keeps objects in a bucket of S3, or of a store that speaks its language. Each object is written by a single PUT, signed over
 * its SHA-256: so it is there whole or not at all, and nothing is left of one that broke off. That nothing is overwritten
 * rests on a look before each write, and on `If-None-Match` where the store heeds it: names must be unique anyway.
 */
class S3Target implements Target {
  readonly label: string;
  readonly paced = true;
  readonly lock: ObjectLock | undefined;
  readonly keepsMd5: boolean;
  readonly #requests: S3Requests;
  readonly #writer: S3Writer;
  readonly #root: string;
  readonly #stallMs: number;
  readonly #clock: Clock;

  /** @param root what the keys of the repository begin with */
  constructor(
    requests: S3Requests,
    writer: S3Writer,
    root: string,
    {stallMs = STALL_MS, lock, clock = systemClock, keepsMd5}: TargetAccess & {readonly keepsMd5: boolean},
  ) {
    this.label = requests.label;
    this.lock = lock;
    this.keepsMd5 = keepsMd5;
    this.#requests = requests;
    this.#writer = writer;
    this.#root = root;
    this.#stallMs = stallMs;
    this.#clock = clock;
  }

  async create({container = false, signal}: CreateOptions = {}): Promise<void> {
    const deed = {verb: 'make a bucket for', object: '', signal};
    if (container) await this.#requests.createBucket(deed, this.lock !== undefined);
    else await this.#requests.requireBucket(signal);
  }

  async put(name: ObjectName, body: Uint8Array, options: PutOptions = {}): Promise<void> {
    if ((await this.#head(name, options)) !== undefined) throw new ObjectExistsError(this.label, name);
    const lock = this.lock && {how: this.lock, untilMs: Math.ceil(this.#clock.wallMs()) + this.lock.forMs};
    await this.#write(name, body, {isNew: true, lock}, options);
    if (lock === undefined) return;
    const found = await this.#head(name, options);
    requireLock(this.label, name, lock.untilMs, found && lockedUntil(found));
  }

  async replace(name: ObjectName, body: Uint8Array, options: PutOptions = {}): Promise<void> {
    await this.#write(name, body, {isNew: false, lock: undefined}, options);
  }

  async *get(name: ObjectName, range?: ByteRange, {signal}: CallOptions = {}): AsyncIterable<Uint8Array> {
    const key = this.#key(name);
    if (range !== undefined) checkRange(range);
    if (range?.length === 0) await this.#checkEmptyRange(name, range, signal);
    else yield* readPieces(this.#requests, key, {name, range, stallMs: this.#stallMs, signal});
  }

  async stat(name: ObjectName, {signal}: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const found = await this.#head(name, {signal});
    if (found === undefined) {
      await this.#requests.requireBucket(signal);
      return undefined;
    }
    const lockedUntilMs = lockedUntil(found);
    return {
      name,
      sizeBytes: found.ContentLength ?? 0,
      modifiedMs: wholeSeconds(found.LastModified),
      ...(lockedUntilMs !== undefined && {lockedUntilMs}),
    };
  }

  list(prefix: string, options: CallOptions = {}): AsyncIterable<ObjectInfo> {
    return objectsOfPages(this, prefix, options);
  }

  listFolders(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    return foldersOfPages(this, prefix, options);
  }

  async listPage(
    prefix: string,
    {after, folders}: PageRequest,
    {signal}: CallOptions = {},
  ): Promise<ListPage> {
    checkPrefix(prefix);
    const page = await this.#requests.page(
      {
        Prefix: this.#root + prefix,
        ...(folders && {Delimiter: '/'}),
        ...(after !== undefined && {ContinuationToken: after}),
      },
      {verb: 'list', object: prefix, signal},
    );
    return decodePage(page, this.#root, this.label);
  }

  async remove(name: ObjectName, {signal}: CallOptions = {}): Promise<void> {
    const deed = {verb: 'remove', object: name, signal};
    const found = await this.#requests.head(this.#key(name), deed);
    // A versioned bucket would take the removal, and go on keeping what nobody sees any more.
    const untilMs = found && lockedUntil(found);
    if (untilMs !== undefined && untilMs > this.#clock.wallMs())
      throw new ObjectLockedError(this.label, name, untilMs);
    await this.#requests.remove(this.#key(name), deed);
  }

  async extendLock(name: ObjectName, untilMs: number, {signal}: CallOptions = {}): Promise<void> {
    if (this.lock === undefined) throw new RangeError('this target sets no locks');
    const deed = {verb: 'lock', object: name, signal};
    await this.#requests.setLock(this.#key(name), this.lock, untilMs, deed);
  }

  async storedSums(name: ObjectName, {signal}: CallOptions = {}): Promise<StoredSums> {
    const deed = {verb: 'look for', object: name, signal};
    return sumsOf((await this.#requests.head(this.#key(name), deed, {withSum: true})) ?? {});
  }

  async describe(probe: ObjectName, {signal}: CallOptions = {}): Promise<readonly TargetFact[]> {
    const deed = {verb: 'look for', object: probe, signal};
    const {condition, checksum} = this.#writer.takes;
    return [
      ...(await this.#requests.describe(this.#key(probe), deed)),
      {
        name: 'conditional writes',
        detail: condition
          ? 'It takes If-None-Match.'
          : 'It refuses If-None-Match, so it is not sent: names are looked up before each write.',
      },
      {
        name: 'checksum header',
        detail: checksum
          ? 'It takes x-amz-checksum-sha256.'
          : 'It refuses x-amz-checksum-sha256, so it is not sent: the signature covers each body.',
      },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#requests.close();
  }

  #key(name: ObjectName): string {
    return this.#root + checkObjectName(name);
  }

  async #head(name: ObjectName, {signal}: CallOptions) {
    return await this.#requests.head(this.#key(name), {verb: 'look for', object: name, signal});
  }

  async #write(
    name: ObjectName,
    body: Uint8Array,
    how: Pick<S3PutOptions, 'isNew' | 'lock'>,
    {signal, pace}: PutOptions,
  ): Promise<void> {
    const key = this.#key(name);
    const limitMs = pace === undefined ? this.#stallMs + Math.ceil(body.length / MIN_BYTES_PER_MS) : PACED_MS;
    const deed: Deed = {verb: 'store', object: name, signal, limitMs};
    const outcome = await this.#requests.attempt(deed, (abortSignal) =>
      this.#writer.put(key, body, {...how, pace, abortSignal}),
    );
    if (outcome === 'taken') throw new ObjectExistsError(this.label, name);
  }

  /** Not even an empty range of what is not there, or of what lies beyond the end. */
  async #checkEmptyRange(
    name: ObjectName,
    {offset}: ByteRange,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const info = await this.stat(name, {signal});
    if (info === undefined) throw new ObjectMissingError(this.label, name);
    if (offset <= info.sizeBytes) return;
    throw new TargetError(`Cannot read ${name} from ${this.label}: it has only ${info.sizeBytes} bytes.`, {
      transient: false,
    });
  }
}
