import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import {ConfigError} from '../errors.ts';
import {describeBucket} from './s3-describe.ts';
import {s3Failure, s3TargetError} from './s3-errors.ts';
import {decoder} from './s3-list.ts';
import {setLock} from './s3-lock.ts';
import {S3Renewal} from './s3-renewal.ts';
import type {S3Place} from './s3-url.ts';
import {
  type ObjectLock,
  ObjectMissingError,
  type ObjectName,
  TargetError,
  type TargetFact,
} from './target.ts';

/** No answer to a small question takes longer. */
const SMALL_CALL_MS = 300_000;

/** What a request is about, for messages: a verb, such as `store`, and the name of an object, or empty for many. */
export interface Deed {
  readonly verb: string;
  readonly object: ObjectName;
  readonly signal: AbortSignal | undefined;
  /** When it is given up; five minutes by default. */
  readonly limitMs?: number | undefined;
}

/** A page's question. Names are encoded in the answers, since XML cannot hold every character that somebody may put into one. */
type PageQuestion = {Prefix: string; Delimiter?: string; ContinuationToken?: string; MaxKeys?: number};
type VersionsQuestion = {Prefix: string; Delimiter?: string; KeyMarker?: string; VersionIdMarker?: string};

/** The requests to one bucket: each within a time, each failure in words of ours. */
export class S3Requests {
  readonly label: string;
  readonly #bucket: string;
  readonly #root: string;
  readonly #client: S3Client;
  readonly #renewal: S3Renewal;
  #isBucketKnown = false;

  constructor(client: S3Client, place: S3Place) {
    this.#client = client;
    this.#renewal = new S3Renewal(client);
    this.label = labelOf(place);
    this.#bucket = place.bucket;
    this.#root = place.prefix;
  }

  close(): void {
    this.#client.destroy();
  }

  /** Makes the bucket if it is not there. @param isLockable whether objects in it can be locked, which also keeps versions */
  async createBucket(deed: Deed, isLockable: boolean): Promise<void> {
    const Bucket = this.#bucket;
    await this.attempt(deed, async (abortSignal) => {
      const isThere = await this.#client.send(new HeadBucketCommand({Bucket}), {abortSignal}).then(
        () => true,
        (cause: unknown) => {
          if (isNotFound(cause)) return false;
          if (s3Failure(cause)?.status === 403) return true; // Or not for us to see: what comes next will tell.
          throw cause;
        },
      );
      if (isThere) return;
      const region = await Promise.resolve(this.#client.config.region()); // The linter takes its types for synchronous.
      const isPlain = region === 'us-east-1'; // The only one that must not be named.
      const CreateBucketConfiguration = {LocationConstraint: region} as {LocationConstraint: 'EU'};
      await this.#client
        .send(
          new CreateBucketCommand({
            Bucket,
            ...(!isPlain && {CreateBucketConfiguration}),
            ...(isLockable && {ObjectLockEnabledForBucket: true}),
          }),
          {abortSignal},
        )
        .catch((cause: unknown) => {
          if (s3Failure(cause)?.code !== 'BucketAlreadyOwnedByYou') throw cause; // Another run made it meanwhile.
        });
    });
    this.#isBucketKnown = true;
  }

  /** What is known of an object, or of a version of it; undefined if it is not there. */
  async head(
    key: string,
    deed: Deed,
    {version, withSum = false}: {version?: string | undefined; withSum?: boolean} = {},
  ): Promise<HeadObjectCommandOutput | undefined> {
    const question = {...this.#object(key, version), ...(withSum && {ChecksumMode: 'ENABLED' as const})};
    return await this.attempt(deed, async (abortSignal) => {
      try {
        return await this.#client.send(new HeadObjectCommand(question), {abortSignal});
      } catch (cause) {
        if (isNotFound(cause) || (await this.isHidden(key, deed, cause))) return undefined;
        throw cause;
      }
    });
  }

  /**
   * Whether nothing is there, where the answer was that access is denied: whoever may list only names that begin with a prefix is not
   * told that a name is missing, except by listing it.
   */
  async isHidden(key: string, deed: Deed, cause: unknown): Promise<boolean> {
    if (s3Failure(cause)?.status !== 403) return false;
    try {
      const {Contents = [], EncodingType} = await this.page({Prefix: key, MaxKeys: 1}, deed);
      const decode = decoder(EncodingType);
      return Contents.every(({Key = ''}) => decode(Key) !== key);
    } catch (error) {
      if (error instanceof TargetError && !error.transient) return false; // The first refusal says more.
      throw error;
    }
  }

  /** Begins to read. The body goes on under the signal alone, not under a limit of time. */
  async get(
    key: string,
    {signal}: Deed,
    {range, version}: {range?: string | undefined; version?: string | undefined},
  ): Promise<GetObjectCommandOutput> {
    const question = {...this.#object(key, version), ...(range !== undefined && {Range: range})};
    return await this.#renewal.run(() =>
      this.#client.send(new GetObjectCommand(question), signal === undefined ? {} : {abortSignal: signal}),
    );
  }

  /** A bucket that is not there must not look like an empty one; the answer to HEAD does not tell. */
  async requireBucket(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#isBucketKnown)
      await this.page({Prefix: this.#root, MaxKeys: 1}, {verb: 'look for', object: '', signal});
  }

  async page(question: PageQuestion, deed: Deed): Promise<ListObjectsV2CommandOutput> {
    const page = await this.attempt(deed, (abortSignal) =>
      this.#client.send(new ListObjectsV2Command({Bucket: this.#bucket, EncodingType: 'url', ...question}), {
        abortSignal,
      }),
    );
    this.#isBucketKnown = true;
    return page;
  }

  async versionsPage(question: VersionsQuestion, deed: Deed): Promise<ListObjectVersionsCommandOutput> {
    return await this.attempt(deed, (abortSignal) =>
      this.#client.send(
        new ListObjectVersionsCommand({Bucket: this.#bucket, EncodingType: 'url', ...question}),
        {abortSignal},
      ),
    );
  }

  async remove(key: string, deed: Deed, version?: string): Promise<void> {
    await this.attempt(deed, async (abortSignal) => {
      try {
        await this.#client.send(new DeleteObjectCommand(this.#object(key, version)), {abortSignal});
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
      }
    });
  }

  async setLock(key: string, lock: ObjectLock, untilMs: number, deed: Deed): Promise<void> {
    await this.attempt(deed, (abortSignal) =>
      setLock(this.#client, {Bucket: this.#bucket, Key: key}, lock, untilMs, abortSignal),
    );
  }

  async describe(key: string, deed: Deed): Promise<TargetFact[]> {
    return await this.attempt(deed, (abortSignal) =>
      describeBucket(this.#client, {Bucket: this.#bucket, Key: key}, abortSignal),
    );
  }

  /** Runs a request within a time, and says what failed. */
  async attempt<T>(deed: Deed, action: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const {signal, limitMs = SMALL_CALL_MS} = deed;
    const limit = AbortSignal.timeout(limitMs);
    try {
      signal?.throwIfAborted();
      const abortSignal = signal === undefined ? limit : AbortSignal.any([signal, limit]);
      return await this.#renewal.run(() => action(abortSignal));
    } catch (cause) {
      if (!limit.aborted || signal?.aborted) throw this.translate(deed, cause);
      throw new TargetError(
        `Cannot ${deed.verb} ${deed.object || 'objects'} in ${this.label}: the store is too slow.`,
        {transient: true},
      );
    }
  }

  /** What to throw in place of what was thrown. */
  translate({verb, object, signal}: Deed, cause: unknown): unknown {
    if (signal?.aborted) return signal.reason;
    if (cause instanceof TargetError) return cause;
    if (cause instanceof Error && cause.message === 'Region is missing') {
      return new ConfigError(`The region of ${this.label} is not known.`, {
        hint: 'Write ?region=… in the URL, or set AWS_REGION.',
      });
    }
    const failure = s3Failure(cause);
    if (failure === undefined) return cause;
    if (isMissing(cause) && object !== '') return new ObjectMissingError(this.label, object);
    return s3TargetError(this.label, verb, object, failure, this.#renewal.mayHaveEnded);
  }

  #object(key: string, version: string | undefined): {Bucket: string; Key: string; VersionId?: string} {
    return {Bucket: this.#bucket, Key: key, ...(version !== undefined && {VersionId: version})};
  }
}

/** The answer to HEAD has no body, and so no code. */
function isNotFound(cause: unknown): boolean {
  return s3Failure(cause)?.status === 404;
}

/** A 404 that says no more may come from a proxy, or mean the bucket. */
function isMissing(cause: unknown): boolean {
  const failure = s3Failure(cause);
  return failure?.status === 404 && (failure.code === 'NoSuchKey' || failure.code === 'NoSuchVersion');
}

/** The same place has the same label, and no two places share one. */
function labelOf({bucket, prefix, endpoint, at}: S3Place): string {
  const path = `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
  const moment = typeof at === 'number' ? new Date(at).toISOString() : at;
  const query = [endpoint && `endpoint=${endpoint}`, moment && `at=${moment}`].filter(Boolean).join('&');
  return query === '' ? path : `${path}?${query}`;
}
