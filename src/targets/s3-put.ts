import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import {PutObjectCommand, type PutObjectCommandInput, type S3Client} from '@aws-sdk/client-s3';
import {type S3Failure, s3Failure} from './s3-errors.ts';
import {lockedInput} from './s3-lock.ts';
import type {S3Place} from './s3-url.ts';
import type {ObjectLock} from './target.ts';

export interface S3PutOptions {
  /** Whether nothing may be overwritten. */
  readonly isNew: boolean;
  /** How it is locked, and until when in ms since the epoch. */
  readonly lock: {readonly how: ObjectLock; readonly untilMs: number} | undefined;
  /** Awaited before each piece is sent. */
  readonly pace: ((sizeBytes: number) => Promise<void>) | undefined;
  readonly abortSignal: AbortSignal;
}

/** What is handed to the connection at once. Under TLS it keeps a copy of that until it is sent: for 8 whole packs, 190 MB. */
const PIECE_BYTES = 64 * 1024;

/** Writes objects, each in one piece, and learns what the store does not understand. */
export class S3Writer {
  readonly #client: S3Client;
  readonly #place: S3Place;
  /** `If-None-Match: *`, and a SHA-256 that the store keeps. Neither is needed: names are unique, and the signature covers the body. */
  readonly #takes = {condition: true, checksum: true};

  constructor(client: S3Client, place: S3Place) {
    this.#client = client;
    this.#place = place;
  }

  /** What the store was not yet seen to refuse. */
  get takes(): {readonly condition: boolean; readonly checksum: boolean} {
    return this.#takes;
  }

  async put(key: string, body: Uint8Array, options: S3PutOptions): Promise<'stored' | 'taken'> {
    const {isNew, abortSignal} = options;
    const sum = createHash('sha256').update(body).digest();
    for (;;) {
      const sent = {condition: isNew && this.#takes.condition, checksum: this.#takes.checksum};
      try {
        await this.#client.send(this.#command(key, body, sum, sent, options), {abortSignal});
        return 'stored';
      } catch (cause) {
        const failure = s3Failure(cause);
        if (isNew && failure?.status === 412) return 'taken';
        const culprit = refused(failure, sent);
        if (culprit === undefined) throw cause;
        this.#takes[culprit] = false;
      }
    }
  }

  #command(
    key: string,
    body: Uint8Array,
    sum: Buffer,
    sent: Sent,
    {pace, lock}: S3PutOptions,
  ): PutObjectCommand {
    const {bucket, storageClass, encryption, kmsKey} = this.#place;
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      ContentType: 'application/octet-stream',
      ...(sent.checksum && {ChecksumSHA256: sum.toString('base64')}),
      ...(sent.condition && {IfNoneMatch: '*'}),
      ...(storageClass !== undefined && {StorageClass: storageClass as 'STANDARD'}),
      ...(encryption !== undefined && {ServerSideEncryption: encryption as 'AES256'}),
      ...(kmsKey !== undefined && {SSEKMSKeyId: kmsKey}),
      ...(lock && lockedInput(lock.how, lock.untilMs, body, sent.checksum)),
      ...inPieces(body, pace),
    });
    // The signature covers the body by this sum, which every store checks. Given here, the body is hashed once.
    command.middlewareStack.add(
      (next) => async (args) => {
        (args.request as {headers: Record<string, string>}).headers['x-amz-content-sha256'] =
          sum.toString('hex');
        return next(args);
      },
      {step: 'build', name: 'holdfastBodySum'},
    );
    return command;
  }
}

/** What was sent that not every store understands. */
interface Sent {
  readonly condition: boolean;
  readonly checksum: boolean;
}

/** What the store may have refused the request for, among what was sent. */
function refused(failure: S3Failure | undefined, sent: Sent): 'condition' | 'checksum' | undefined {
  if (failure === undefined) return undefined;
  if (failure.status === 501 || failure.code === 'NotImplemented') {
    if (sent.condition) return 'condition';
    return sent.checksum ? 'checksum' : undefined;
  }
  const isAboutSum = failure.status === 400 && /checksum|unsupported header/i.test(failure.text);
  return isAboutSum && sent.checksum && failure.code !== 'BadDigest' ? 'checksum' : undefined;
}

/** A body that is sent piece by piece, as fast as it may. */
function inPieces(
  body: Uint8Array,
  pace: S3PutOptions['pace'],
): Pick<PutObjectCommandInput, 'Body' | 'ContentLength'> {
  async function* pieces(): AsyncIterable<Uint8Array> {
    for (let sent = 0; sent < body.length; sent += PIECE_BYTES) {
      const piece = body.subarray(sent, sent + PIECE_BYTES);
      await pace?.(piece.length);
      yield piece;
    }
  }
  if (body.length <= PIECE_BYTES && pace === undefined) return {Body: body};
  return {Body: Readable.from(pieces(), {objectMode: false}), ContentLength: body.length};
}
