import {randomUUID} from 'node:crypto';
import type {TargetAccess} from '../../src/targets/access.ts';
import {openS3} from '../../src/targets/s3.ts';
import type {Target} from '../../src/targets/target.ts';
import type {ServerFacts} from '../support/servers.ts';

/** The URL of a bucket that is not there yet. */
export function newBucketUrl({S3_ENDPOINT = '', S3_REGION = ''}: ServerFacts, prefix = ''): string {
  return `s3://holdfast-${randomUUID()}${prefix && `/${prefix}`}?endpoint=${encodeURIComponent(S3_ENDPOINT)}&region=${S3_REGION}`;
}

/** What the facts say about credentials, as the environment would. Swift's own would be looked up at Keystone at each request. */
export function credentials(facts: ServerFacts) {
  const {AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, KS_ACCESS_KEY_ID, KS_SECRET_ACCESS_KEY} = facts;
  return {
    AWS_ACCESS_KEY_ID: KS_ACCESS_KEY_ID ?? AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: KS_SECRET_ACCESS_KEY ?? AWS_SECRET_ACCESS_KEY,
  };
}

export function opened(url: string, facts: ServerFacts, options: Partial<TargetAccess> = {}): Target {
  return openS3(url, {env: credentials(facts), ...options});
}

/** A target on a new bucket. */
export async function createdS3(facts: ServerFacts, prefix = ''): Promise<Target> {
  const target = opened(newBucketUrl(facts, prefix), facts);
  await target.create({container: true});
  return target;
}
