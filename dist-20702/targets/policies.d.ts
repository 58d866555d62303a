import { type Role } from './s3-policy.ts';
/**
 * @returns lines for people to copy
 * @throws {@link UsageError} for places that have no such rights
 */
export declare function policyFor(url: string, role: Role, principal: string | undefined): string;
