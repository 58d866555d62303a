/** Object Lock: what is written cannot be removed or altered for a time, by anybody whose rights do not go beyond ours. */
import {createHash} from 'node:crypto';
import {type PutObjectCommandInput, PutObjectRetentionCommand, type S3Client} from '@aws-sdk/client-s3';
import {type ObjectName, TargetError} from './target.ts';

export interface ObjectLock {
  /** `governance` can be lifted by whoever has the right to bypass it; `compliance` by nobody. */
  readonly mode: 'governance' | 'compliance';
  readonly forMs: number;
}

/** What a store may round, and clocks may differ. */
const TOLERANCE_MS = 2000;

/** The mode in S3's words. */
export function lockMode({mode}: ObjectLock): 'GOVERNANCE' | 'COMPLIANCE' {
  return mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE';
}

/** What to add to a PUT, so that the object is locked from the start. */
export function lockedInput(
  lock: ObjectLock,
  untilMs: number,
  body: Uint8Array,
  hasSum: boolean,
): Partial<PutObjectCommandInput> {
  return {
    ObjectLockMode: lockMode(lock),
    ObjectLockRetainUntilDate: new Date(untilMs),
    // AWS takes no locked object without a sum.
    ...(!hasSum && {ContentMD5: createHash('md5').update(body).digest('base64')}),
  };
}

/** Sets the end of an object's lock anew; only a later one is taken. */
export async function extendLock(
  client: S3Client,
  object: {readonly bucket: string; readonly key: string},
  lock: ObjectLock,
  untilMs: number,
  abortSignal: AbortSignal,
): Promise<void> {
  await client.send(
    new PutObjectRetentionCommand({
      Bucket: object.bucket,
      Key: object.key,
      Retention: {Mode: lockMode(lock), RetainUntilDate: new Date(untilMs)},
    }),
    {abortSignal},
  );
}

/** A store that takes a lock and forgets it must not look like one that keeps it. @throws {@link TargetError} */
export function requireLock(
  label: string,
  name: ObjectName,
  wantedMs: number,
  foundMs: number | undefined,
): void {
  if (foundMs !== undefined && foundMs >= wantedMs - TOLERANCE_MS) return;
  throw new TargetError(`${label} stored ${name}, but did not keep its lock.`, {
    transient: false,
    hint: 'Use a bucket with Object Lock at a provider that enforces it ("holdfast doctor --target" shows that), or take "lock" out of the configuration.',
  });
}
