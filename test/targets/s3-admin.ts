/** What the owner of a bucket, or a thief of their credentials, does beside Holdfast. */
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {parseS3Url} from '../../src/targets/s3-url.ts';
import type {ServerFacts} from '../support/servers.ts';

export class S3Admin implements Disposable {
  readonly client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(url: string, facts: ServerFacts) {
    const {bucket, prefix, endpoint = '', region = ''} = parseS3Url(url);
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      credentials: {
        accessKeyId: facts['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: facts['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    });
    this.client.middlewareStack.add(
      (next) => async (args) => {
        const request = args.request as {method: string; headers: Record<string, string>};
        if (request.method === 'DELETE') request.headers['content-length'] = '0';
        return next(args);
      },
      {step: 'build'},
    );
  }

  async keepVersions(): Promise<void> {
    const VersioningConfiguration = {Status: 'Enabled'} as const;
    await this.client.send(new PutBucketVersioningCommand({Bucket: this.#bucket, VersioningConfiguration}));
  }

  async overwrite(name: string, body: string): Promise<void> {
    await this.client.send(new PutObjectCommand({...this.#object(name), Body: Buffer.from(body)}));
  }

  async remove(name: string, VersionId?: string): Promise<void> {
    await this.client.send(
      new DeleteObjectCommand({...this.#object(name), ...(VersionId !== undefined && {VersionId})}),
    );
  }

  /** The ids of an object's versions, newest first. */
  async versions(name: string): Promise<string[]> {
    const {Key, Bucket} = this.#object(name);
    const {Versions = []} = await this.client.send(new ListObjectVersionsCommand({Bucket, Prefix: Key}));
    return Versions.map(({VersionId = ''}) => VersionId);
  }

  [Symbol.dispose](): void {
    this.client.destroy();
  }

  #object(name: string): {Bucket: string; Key: string} {
    return {Bucket: this.#bucket, Key: this.#prefix + name};
  }
}
