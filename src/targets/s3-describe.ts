/** What a bucket tells of itself. */
import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {s3Failure} from './s3-errors.ts';
import {sumsOf} from './s3-sums.ts';
import type {TargetFact} from './target.ts';

const UNTOLD = new Set([400, 403, 404, 405, 501]);

/** @param Key of an object that we stored */
export async function describeBucket(
  client: S3Client,
  {Bucket, Key}: {readonly Bucket: string; readonly Key: string},
  abortSignal: AbortSignal,
): Promise<TargetFact[]> {
  const options = {abortSignal};
  const versions = await told(async () => {
    const {Status} = await client.send(new GetBucketVersioningCommand({Bucket}), options);
    return Status === 'Enabled' ? 'It keeps what is removed or overwritten.' : undefined;
  });
  const lock = await told(async () => {
    const answer = await client.send(new GetObjectLockConfigurationCommand({Bucket}), options);
    const {ObjectLockEnabled, Rule} = answer.ObjectLockConfiguration ?? {};
    if (ObjectLockEnabled !== 'Enabled') return undefined;
    const {Mode, Days, Years} = Rule?.DefaultRetention ?? {};
    const byDefault =
      Mode === undefined ? 'nothing' : `${Mode.toLowerCase()}, ${Days ?? (Years ?? 0) * 365} days`;
    return `Objects can be locked; by default: ${byDefault}.`;
  });
  const sums = await told(async () => {
    const {sha256, md5} = sumsOf(
      await client.send(new HeadObjectCommand({Bucket, Key, ChecksumMode: 'ENABLED'}), options),
    );
    if (sha256 !== undefined) return 'It keeps the SHA-256 of each object.';
    return md5 && 'It keeps the MD5 of each object (ETag).';
  });
  return [
    {
      name: 'versions',
      detail: versions ?? 'It keeps none, or does not tell.',
      keepsOld: versions !== undefined,
    },
    {name: 'Object Lock', detail: lock ?? 'It has none, or does not tell.'},
    {name: 'checksums', detail: sums ?? 'It keeps none.'},
  ];
}

/** Undefined where the store has no answer, or none for us. */
async function told(ask: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await ask();
  } catch (cause) {
    if (UNTOLD.has(s3Failure(cause)?.status ?? 0)) return undefined;
    throw cause;
  }
}
