import { S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from './s3-url.ts';
export interface S3ClientOptions {
    /** Where `AWS_ACCESS_KEY_ID`, `HTTPS_PROXY` and the like are looked for. */
    readonly env: Readonly<Record<string, string | undefined>>;
    /** How long the store may be silent. */
    readonly stallMs: number;
}
/**
 * Makes a client. Credentials come from `env`, else from the AWS chain: profile, SSO, web identity, process, container and
 * instance role; they are looked for at the first request.
 */
export declare function makeS3Client(place: S3Place, { env, stallMs }: S3ClientOptions): S3Client;
