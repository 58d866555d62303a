import {createHash} from 'node:crypto';
import {PutObjectCommand, type PutObjectCommandInput, type S3Client} from '@aws-sdk/client-s3';
import {type S3Failure, s3Failure} from './s3-errors.ts';
import type {S3Place} from './s3-url.ts';

interface PutOptions {
  /** Whether nothing may be overwritten. */
  readonly isNew: boolean;
  readonly abortSignal: AbortSignal;
}

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

  async put(key: string, body: Uint8Array, {isNew, abortSignal}: PutOptions): Promise<'stored' | 'taken'> {
    for (;;) {
      const tried = {...this.#takes};
      try {
        await this.#client.send(new PutObjectCommand(this.#input(key, body, isNew)), {abortSignal});
        return 'stored';
      } catch (cause) {
        const failure = s3Failure(cause);
        if (isNew && failure?.status === 412) return 'taken';
        const culprit = refused(failure, {condition: isNew && tried.condition, checksum: tried.checksum});
        if (culprit === undefined) throw cause;
        this.#takes[culprit] = false;
      }
    }
  }

  #input(key: string, body: Uint8Array, isNew: boolean): PutObjectCommandInput {
    const {bucket, storageClass, encryption, kmsKey} = this.#place;
    return {
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: 'application/octet-stream',
      ...(this.#takes.checksum && {ChecksumSHA256: createHash('sha256').update(body).digest('base64')}),
      ...(isNew && this.#takes.condition && {IfNoneMatch: '*'}),
      ...(storageClass !== undefined && {StorageClass: storageClass as 'STANDARD'}),
      ...(encryption !== undefined && {ServerSideEncryption: encryption as 'AES256'}),
      ...(kmsKey !== undefined && {SSEKMSKeyId: kmsKey}),
    };
  }
}

/** What the store may have refused the request for, among what was sent. */
function refused(
  failure: S3Failure | undefined,
  sent: {readonly condition: boolean; readonly checksum: boolean},
): 'condition' | 'checksum' | undefined {
  if (failure === undefined) return undefined;
  if (failure.status === 501 || failure.code === 'NotImplemented') {
    if (sent.condition) return 'condition';
    return sent.checksum ? 'checksum' : undefined;
  }
  const isAboutSum = failure.status === 400 && /checksum|unsupported header/i.test(failure.text);
  return isAboutSum && sent.checksum && failure.code !== 'BadDigest' ? 'checksum' : undefined;
}
