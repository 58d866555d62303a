import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, } from '@aws-sdk/client-s3';
import { ConfigError } from '../errors.js';
import { describeBucket } from './s3-describe.js';
import { s3Failure, s3TargetError } from './s3-errors.js';
import { decoder } from './s3-list.js';
import { setLock } from './s3-lock.js';
import { ObjectMissingError, TargetError, } from './target.js';
/** No answer to a small question takes longer. */
const SMALL_CALL_MS = 300_000;
/** The requests to one bucket: each within a time, each failure in words of ours. */
export class S3Requests {
    label;
    #bucket;
    #root;
    #client;
    #isBucketKnown = false;
    constructor(client, place) {
        this.#client = client;
        this.label = labelOf(place);
        this.#bucket = place.bucket;
        this.#root = place.prefix;
    }
    close() {
        this.#client.destroy();
    }
    /** Makes the bucket if it is not there. @param isLockable whether objects in it can be locked, which also keeps versions */
    async createBucket(deed, isLockable) {
        const Bucket = this.#bucket;
        await this.attempt(deed, async (abortSignal) => {
            const isThere = await this.#client.send(new HeadBucketCommand({ Bucket }), { abortSignal }).then(() => true, (cause) => {
                if (isNotFound(cause))
                    return false;
                if (s3Failure(cause)?.status === 403)
                    return true; // Or not for us to see: what comes next will tell.
                throw cause;
            });
            if (isThere)
                return;
            const region = await Promise.resolve(this.#client.config.region()); // The linter takes its types for synchronous.
            const isPlain = region === 'us-east-1'; // The only one that must not be named.
            const CreateBucketConfiguration = { LocationConstraint: region };
            await this.#client
                .send(new CreateBucketCommand({
                Bucket,
                ...(!isPlain && { CreateBucketConfiguration }),
                ...(isLockable && { ObjectLockEnabledForBucket: true }),
            }), { abortSignal })
                .catch((cause) => {
                if (s3Failure(cause)?.code !== 'BucketAlreadyOwnedByYou')
                    throw cause; // Another run made it meanwhile.
            });
        });
        this.#isBucketKnown = true;
    }
    /** What is known of an object, or of a version of it; undefined if it is not there. */
    async head(key, deed, version) {
        return await this.attempt(deed, async (abortSignal) => {
            try {
                return await this.#client.send(new HeadObjectCommand(this.#object(key, version)), { abortSignal });
            }
            catch (cause) {
                if (isNotFound(cause) || (await this.isHidden(key, deed, cause)))
                    return undefined;
                throw cause;
            }
        });
    }
    /**
     * Whether nothing is there, where the answer was that access is denied: whoever may list only names that begin with a prefix is not
     * told that a name is missing, except by listing it.
     */
    async isHidden(key, deed, cause) {
        if (s3Failure(cause)?.status !== 403)
            return false;
        try {
            const { Contents = [], EncodingType } = await this.page({ Prefix: key, MaxKeys: 1 }, deed);
            const decode = decoder(EncodingType);
            return Contents.every(({ Key = '' }) => decode(Key) !== key);
        }
        catch (error) {
            if (error instanceof TargetError && !error.transient)
                return false; // The first refusal says more.
            throw error;
        }
    }
    /** Begins to read. The body goes on under the signal alone, not under a limit of time. */
    async get(key, { signal }, { range, version }) {
        const question = { ...this.#object(key, version), ...(range !== undefined && { Range: range }) };
        return await this.#client.send(new GetObjectCommand(question), signal === undefined ? {} : { abortSignal: signal });
    }
    /** A bucket that is not there must not look like an empty one; the answer to HEAD does not tell. */
    async requireBucket(signal) {
        if (!this.#isBucketKnown)
            await this.page({ Prefix: this.#root, MaxKeys: 1 }, { verb: 'look for', object: '', signal });
    }
    async page(question, deed) {
        const page = await this.attempt(deed, (abortSignal) => this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, EncodingType: 'url', ...question }), {
            abortSignal,
        }));
        this.#isBucketKnown = true;
        return page;
    }
    async versionsPage(question, deed) {
        return await this.attempt(deed, (abortSignal) => this.#client.send(new ListObjectVersionsCommand({ Bucket: this.#bucket, EncodingType: 'url', ...question }), { abortSignal }));
    }
    async remove(key, deed, version) {
        await this.attempt(deed, async (abortSignal) => {
            try {
                await this.#client.send(new DeleteObjectCommand(this.#object(key, version)), { abortSignal });
            }
            catch (cause) {
                if (!isMissing(cause))
                    throw cause;
            }
        });
    }
    async setLock(key, lock, untilMs, deed) {
        await this.attempt(deed, (abortSignal) => setLock(this.#client, { Bucket: this.#bucket, Key: key }, lock, untilMs, abortSignal));
    }
    async describe(key, deed) {
        return await this.attempt(deed, (abortSignal) => describeBucket(this.#client, { Bucket: this.#bucket, Key: key }, abortSignal));
    }
    /** Runs a request within a time, and says what failed. */
    async attempt(deed, action) {
        const { signal, limitMs = SMALL_CALL_MS } = deed;
        const limit = AbortSignal.timeout(limitMs);
        try {
            signal?.throwIfAborted();
            return await action(signal === undefined ? limit : AbortSignal.any([signal, limit]));
        }
        catch (cause) {
            if (!limit.aborted || signal?.aborted)
                throw this.translate(deed, cause);
            throw new TargetError(`Cannot ${deed.verb} ${deed.object || 'objects'} in ${this.label}: the store is too slow.`, { transient: true });
        }
    }
    /** What to throw in place of what was thrown. */
    translate({ verb, object, signal }, cause) {
        if (signal?.aborted)
            return signal.reason;
        if (cause instanceof TargetError)
            return cause;
        if (cause instanceof Error && cause.message === 'Region is missing') {
            return new ConfigError(`The region of ${this.label} is not known.`, {
                hint: 'Write ?region=… in the URL, or set AWS_REGION.',
            });
        }
        const failure = s3Failure(cause);
        if (failure === undefined)
            return cause;
        if (isMissing(cause) && object !== '')
            return new ObjectMissingError(this.label, object);
        return s3TargetError(this.label, verb, object, failure);
    }
    #object(key, version) {
        return { Bucket: this.#bucket, Key: key, ...(version !== undefined && { VersionId: version }) };
    }
}
/** The answer to HEAD has no body, and so no code. */
function isNotFound(cause) {
    return s3Failure(cause)?.status === 404;
}
/** A 404 that says no more may come from a proxy, or mean the bucket. */
function isMissing(cause) {
    const failure = s3Failure(cause);
    return failure?.status === 404 && (failure.code === 'NoSuchKey' || failure.code === 'NoSuchVersion');
}
/** The same place has the same label, and no two places share one. */
function labelOf({ bucket, prefix, endpoint, at }) {
    const path = `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
    const moment = typeof at === 'number' ? new Date(at).toISOString() : at;
    const query = [endpoint && `endpoint=${endpoint}`, moment && `at=${moment}`].filter(Boolean).join('&');
    return query === '' ? path : `${path}?${query}`;
}
