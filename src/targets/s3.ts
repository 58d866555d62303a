import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import {ConfigError} from '../errors.ts';
import {checkRange} from './file-read.ts';
import {checkObjectName, checkPrefix, isObjectName} from './object-name.ts';
import {makeS3Client, type S3ClientOptions} from './s3-client.ts';
import {type S3Failure, s3Failure, s3TargetError} from './s3-errors.ts';
import {readPages, type S3Page, wholeSeconds} from './s3-list.ts';
import {S3Writer} from './s3-put.ts';
import {readPieces} from './s3-read.ts';
import type {S3Place} from './s3-url.ts';
import {
  type ByteRange,
  type CallOptions,
  ObjectExistsError,
  type ObjectInfo,
  ObjectMissingError,
  type ObjectName,
  type Target,
  TargetError,
} from './target.ts';

export type S3TargetOptions = Pick<S3ClientOptions, 'env' | 'ca'> & Partial<Pick<S3ClientOptions, 'stallMs'>>;

const STALL_MS = 60_000;
/** No answer to a small question takes longer. */
const SMALL_CALL_MS = 300_000;
/** An upload that is slower than this is given up. */
const MIN_BYTES_PER_MS = 4;

/**
 * Keeps objects in a bucket of S3, or of a store that speaks its language. Each object is written by a single PUT, signed over
 * its SHA-256: so it is there whole or not at all, and nothing is left of one that broke off. That nothing is overwritten
 * rests on a look before each write, and on `If-None-Match` where the store heeds it: names must be unique anyway.
 */
export class S3Target implements Target {
  readonly label: string;
  readonly #place: S3Place;
  readonly #client: S3Client;
  readonly #stallMs: number;
  readonly #writer: S3Writer;
  #isBucketKnown = false;

  constructor(place: S3Place, {env, ca, stallMs = STALL_MS}: S3TargetOptions) {
    this.#place = place;
    this.label = labelOf(place);
    this.#stallMs = stallMs;
    this.#client = makeS3Client(place, {env, ca, stallMs});
    this.#writer = new S3Writer(this.#client, place);
  }

  async create({signal}: CallOptions = {}): Promise<void> {
    const Bucket = this.#place.bucket;
    const isThere = await this.#attempt('make a bucket for', '', signal, async (abortSignal) => {
      try {
        await this.#client.send(new HeadBucketCommand({Bucket}), {abortSignal});
        return true;
      } catch (cause) {
        if (isNotFound(cause)) return false;
        throw cause;
      }
    });
    if (!isThere) {
      await this.#attempt('make a bucket for', '', signal, async (abortSignal) => {
        const region = await this.#client.config.region();
        const isPlain = region === 'us-east-1'; // The only one that must not be named.
        const CreateBucketConfiguration = {LocationConstraint: region} as {LocationConstraint: 'EU'};
        await this.#client
          .send(new CreateBucketCommand({Bucket, ...(!isPlain && {CreateBucketConfiguration})}), {
            abortSignal,
          })
          .catch((cause: unknown) => {
            if (s3Failure(cause)?.code !== 'BucketAlreadyOwnedByYou') throw cause; // Another run made it meanwhile.
          });
      });
    }
    this.#isBucketKnown = true;
  }

  async put(name: ObjectName, body: Uint8Array, {signal}: CallOptions = {}): Promise<void> {
    const key = this.#key(name);
    const isTaken = await this.#attempt('look for', name, signal, (abortSignal) =>
      this.#head(key, abortSignal),
    );
    if (isTaken !== undefined) throw new ObjectExistsError(this.label, name);
    await this.#write(name, key, body, true, signal);
  }

  async replace(name: ObjectName, body: Uint8Array, {signal}: CallOptions = {}): Promise<void> {
    await this.#write(name, this.#key(name), body, false, signal);
  }

  async *get(name: ObjectName, range?: ByteRange, {signal}: CallOptions = {}): AsyncIterable<Uint8Array> {
    const key = this.#key(name);
    if (range !== undefined) checkRange(range);
    try {
      signal?.throwIfAborted();
      if (range?.length === 0) {
        await this.#checkEmptyRange(name, range, signal);
        return;
      }
      const answer = await this.#client.send(
        new GetObjectCommand({
          Bucket: this.#place.bucket,
          Key: key,
          ...(range !== undefined && {Range: `bytes=${range.offset}-${range.offset + range.length - 1}`}),
        }),
        signal === undefined ? {} : {abortSignal: signal},
      );
      yield* readPieces(answer, {label: this.label, name, range, stallMs: this.#stallMs, signal});
    } catch (cause) {
      throw this.#translate('read', name, signal, cause);
    }
  }

  async stat(name: ObjectName, {signal}: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const key = this.#key(name);
    const found = await this.#attempt('look for', name, signal, (abortSignal) =>
      this.#head(key, abortSignal),
    );
    if (found === undefined) {
      await this.#requireBucket(signal);
      return undefined;
    }
    return {name, sizeBytes: found.ContentLength ?? 0, modifiedMs: wholeSeconds(found.LastModified)};
  }

  async *list(prefix: string, {signal}: CallOptions = {}): AsyncIterable<ObjectInfo> {
    checkPrefix(prefix);
    for await (const {objects} of this.#pages(prefix, {signal})) {
      for (const {key, sizeBytes, modifiedMs} of objects) {
        const name = this.#name(key, prefix);
        if (name !== undefined && isObjectName(name)) yield {name, sizeBytes, modifiedMs};
      }
    }
  }

  async *listFolders(prefix: string, {signal}: CallOptions = {}): AsyncIterable<string> {
    checkPrefix(prefix);
    for await (const {folders} of this.#pages(prefix, {signal, delimiter: '/'})) {
      for (const folder of folders) {
        const name = this.#name(folder, prefix);
        if (name !== undefined && isObjectName(`${name}x`)) yield name.slice(prefix.length, -1);
      }
    }
  }

  async remove(name: ObjectName, {signal}: CallOptions = {}): Promise<void> {
    const key = this.#key(name);
    await this.#attempt('remove', name, signal, async (abortSignal) => {
      try {
        await this.#client.send(new DeleteObjectCommand({Bucket: this.#place.bucket, Key: key}), {
          abortSignal,
        });
      } catch (cause) {
        if (!isMissing(s3Failure(cause))) throw cause;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
  }

  #key(name: ObjectName): string {
    return this.#place.prefix + checkObjectName(name);
  }

  /** The name of a key below a prefix; undefined for what a listing should not have held. */
  #name(key: string, prefix: string): string | undefined {
    return key.startsWith(this.#place.prefix + prefix) ? key.slice(this.#place.prefix.length) : undefined;
  }

  async #head(key: string, abortSignal: AbortSignal): Promise<HeadObjectCommandOutput | undefined> {
    try {
      const Bucket = this.#place.bucket;
      return await this.#client.send(new HeadObjectCommand({Bucket, Key: key}), {abortSignal});
    } catch (cause) {
      if (isNotFound(cause)) return undefined;
      throw cause;
    }
  }

  async #write(
    name: ObjectName,
    key: string,
    body: Uint8Array,
    isNew: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const limitMs = this.#stallMs + Math.ceil(body.length / MIN_BYTES_PER_MS);
    await this.#attempt(
      'store',
      name,
      signal,
      async (abortSignal) => {
        if ((await this.#writer.put(key, body, {isNew, abortSignal})) === 'taken')
          throw new ObjectExistsError(this.label, name);
      },
      limitMs,
    );
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

  /** A bucket that is not there must not look like an empty one; the answer to HEAD does not tell. */
  async #requireBucket(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isBucketKnown) return;
    await this.#attempt('look for', '', signal, (abortSignal) => this.#page({MaxKeys: 1}, abortSignal));
  }

  async *#pages(
    prefix: string,
    {signal, delimiter}: CallOptions & {delimiter?: string},
  ): AsyncIterable<S3Page> {
    yield* readPages(
      (token) =>
        this.#attempt('list', prefix, signal, (abortSignal) =>
          this.#page(
            {
              Prefix: this.#place.prefix + prefix,
              ...(delimiter !== undefined && {Delimiter: delimiter}),
              ...(token !== undefined && {ContinuationToken: token}),
            },
            abortSignal,
          ),
        ),
      (why) =>
        new TargetError(`Cannot list ${prefix || 'objects'} in ${this.label}: ${why}.`, {transient: true}),
    );
  }

  async #page(
    question: {Prefix?: string; Delimiter?: string; ContinuationToken?: string; MaxKeys?: number},
    abortSignal: AbortSignal,
  ): Promise<ListObjectsV2CommandOutput> {
    const page = await this.#client.send(
      // Encoded, since XML cannot hold every character that somebody may have put into a name.
      new ListObjectsV2Command({Bucket: this.#place.bucket, EncodingType: 'url', ...question}),
      {abortSignal},
    );
    this.#isBucketKnown = true;
    return page;
  }

  /** Runs a request within a time, and says what failed. */
  async #attempt<T>(
    operation: string,
    object: string,
    signal: AbortSignal | undefined,
    action: (abortSignal: AbortSignal) => Promise<T>,
    limitMs = SMALL_CALL_MS,
  ): Promise<T> {
    const limit = AbortSignal.timeout(limitMs);
    try {
      signal?.throwIfAborted();
      return await action(signal === undefined ? limit : AbortSignal.any([signal, limit]));
    } catch (cause) {
      if (!limit.aborted || signal?.aborted) throw this.#translate(operation, object, signal, cause);
      throw new TargetError(
        `Cannot ${operation} ${object || 'objects'} in ${this.label}: the store is too slow.`,
        {
          transient: true,
        },
      );
    }
  }

  #translate(operation: string, object: string, signal: AbortSignal | undefined, cause: unknown): unknown {
    if (signal?.aborted) return signal.reason;
    if (cause instanceof TargetError) return cause;
    if (cause instanceof Error && cause.message === 'Region is missing') {
      return new ConfigError(`The region of ${this.label} is not known.`, {
        hint: 'Write ?region=… in the URL, or set AWS_REGION.',
      });
    }
    const failure = s3Failure(cause);
    if (failure === undefined) return cause;
    if (isMissing(failure) && object !== '') return new ObjectMissingError(this.label, object);
    return s3TargetError(this.label, operation, object, failure);
  }
}

/** The answer to HEAD has no body, and so no code. */
function isNotFound(cause: unknown): boolean {
  return s3Failure(cause)?.status === 404;
}

/** A 404 that says no more may come from a proxy, or mean the bucket. */
function isMissing(failure: S3Failure | undefined): boolean {
  return failure?.status === 404 && failure.code === 'NoSuchKey';
}

/** The same place has the same label, and no two places share one. */
function labelOf({bucket, prefix, endpoint}: S3Place): string {
  const path = `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
  return endpoint === undefined ? path : `${path}?endpoint=${endpoint}`;
}
