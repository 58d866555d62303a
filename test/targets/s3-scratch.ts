import {randomUUID} from 'node:crypto';
import {S3Target, type S3TargetOptions} from '../../src/targets/s3.ts';
import {parseS3Url} from '../../src/targets/s3-url.ts';
import type {ServerFacts} from '../support/servers.ts';

/** The URL of a bucket that is not there yet. */
export function newBucketUrl({S3_ENDPOINT = '', S3_REGION = ''}: ServerFacts, prefix = ''): string {
  return `s3://holdfast-${randomUUID()}${prefix && `/${prefix}`}?endpoint=${encodeURIComponent(S3_ENDPOINT)}&region=${S3_REGION}`;
}

/** What the facts say about credentials, as the environment would. */
export function credentials({AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY}: ServerFacts) {
  return {AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY};
}

export function openS3(url: string, facts: ServerFacts, options: Partial<S3TargetOptions> = {}): S3Target {
  return new S3Target(parseS3Url(url), {env: credentials(facts), ...options});
}

/** A target on a new bucket. */
export async function createdS3(facts: ServerFacts, prefix = ''): Promise<S3Target> {
  const target = openS3(newBucketUrl(facts, prefix), facts);
  await target.create();
  return target;
}
