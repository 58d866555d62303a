import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { s3Failure } from './s3-errors.js';
import { lockedInput } from './s3-lock.js';
/** What is sent at once to a store that is spared. */
const PACED_BYTES = 64 * 1024;
/** Writes objects, each in one piece, and learns what the store does not understand. */
export class S3Writer {
    #client;
    #place;
    /** `If-None-Match: *`, and a SHA-256 that the store keeps. Neither is needed: names are unique, and the signature covers the body. */
    #takes = { condition: true, checksum: true };
    constructor(client, place) {
        this.#client = client;
        this.#place = place;
    }
    async put(key, body, options) {
        const { isNew, abortSignal } = options;
        const sum = createHash('sha256').update(body).digest();
        for (;;) {
            const sent = { condition: isNew && this.#takes.condition, checksum: this.#takes.checksum };
            try {
                await this.#client.send(this.#command(key, body, sum, sent, options), { abortSignal });
                return 'stored';
            }
            catch (cause) {
                const failure = s3Failure(cause);
                if (isNew && failure?.status === 412)
                    return 'taken';
                const culprit = refused(failure, sent);
                if (culprit === undefined)
                    throw cause;
                this.#takes[culprit] = false;
            }
        }
    }
    #command(key, body, sum, sent, { pace, lock }) {
        const { bucket, storageClass, encryption, kmsKey } = this.#place;
        const command = new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: 'application/octet-stream',
            ...(sent.checksum && { ChecksumSHA256: sum.toString('base64') }),
            ...(sent.condition && { IfNoneMatch: '*' }),
            ...(storageClass !== undefined && { StorageClass: storageClass }),
            ...(encryption !== undefined && { ServerSideEncryption: encryption }),
            ...(kmsKey !== undefined && { SSEKMSKeyId: kmsKey }),
            ...(lock && lockedInput(lock.how, lock.untilMs, body, sent.checksum)),
            ...(pace && pacedBody(body, pace)),
        });
        // The signature covers the body by this sum, which every store checks. Given here, the body is hashed once.
        command.middlewareStack.add((next) => async (args) => {
            args.request.headers['x-amz-content-sha256'] =
                sum.toString('hex');
            return next(args);
        }, { step: 'build', name: 'holdfastBodySum' });
        return command;
    }
}
/** What the store may have refused the request for, among what was sent. */
function refused(failure, sent) {
    if (failure === undefined)
        return undefined;
    if (failure.status === 501 || failure.code === 'NotImplemented') {
        if (sent.condition)
            return 'condition';
        return sent.checksum ? 'checksum' : undefined;
    }
    const isAboutSum = failure.status === 400 && /checksum|unsupported header/i.test(failure.text);
    return isAboutSum && sent.checksum && failure.code !== 'BadDigest' ? 'checksum' : undefined;
}
/** A body that is sent piece by piece, as fast as it may. */
function pacedBody(body, pace) {
    async function* pieces() {
        for (let sent = 0; sent < body.length; sent += PACED_BYTES) {
            const piece = body.subarray(sent, sent + PACED_BYTES);
            await pace(piece.length);
            yield piece;
        }
    }
    return body.length === 0
        ? {}
        : { Body: Readable.from(pieces(), { objectMode: false }), ContentLength: body.length };
}
