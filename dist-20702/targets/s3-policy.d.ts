/** Least rights for each role, as a policy of S3 (IAM). */
import type { S3Place } from './s3-url.ts';
export type Role = 'writer' | 'reader' | 'pruner';
export declare const ROLES: readonly Role[];
interface Statement {
    readonly Sid: string;
    readonly Effect: 'Allow';
    readonly Principal?: unknown;
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
    readonly Condition?: unknown;
}
export interface Policy {
    readonly Version: '2012-10-17';
    readonly Statement: readonly Statement[];
}
/**
 * A policy for a user or role of whoever owns the bucket; with a principal, one for the bucket itself.
 *
 * @param principal such as `arn:aws:iam::123456789012:user/app01`
 */
export declare function s3Policy({ bucket, prefix }: S3Place, role: Role, principal?: string): Policy;
export {};
