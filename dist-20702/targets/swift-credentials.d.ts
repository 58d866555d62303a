/** Finds out who we are for Swift: from `OS_*` or `ST_*` variables, or from clouds.yaml. */
import { Secret } from '../system/secret.ts';
import type { TargetAccess } from './access.ts';
/** v1 authentication: tempauth, swauth, Ceph. */
export interface V1Credentials {
    readonly kind: 'v1';
    readonly authUrl: string;
    /** Where the address comes from, for messages. */
    readonly from: string;
    readonly user: string;
    readonly key: Secret;
}
/** Keystone v3. */
export interface V3Credentials {
    readonly kind: 'v3';
    readonly authUrl: string;
    readonly from: string;
    /** The `identity` of the request, except for its secret. */
    readonly identity: {
        readonly method: 'password';
        readonly user: Named;
        readonly secret: Secret;
    } | {
        readonly method: 'application_credential';
        readonly id: string;
        readonly secret: Secret;
    } | {
        readonly method: 'application_credential';
        readonly name: string;
        readonly user: Named;
        readonly secret: Secret;
    } | {
        readonly method: 'token';
        readonly secret: Secret;
    };
    /** The project; undefined where the credential has its own. */
    readonly project: Named | undefined;
    readonly region: string | undefined;
    /** Which endpoint of the catalog. */
    readonly interface: string;
    /** Instead of the catalog's. */
    readonly storageUrl: string | undefined;
}
export type SwiftCredentials = V1Credentials | V3Credentials;
/** A user or project as Keystone wants it: by id, or by name within a domain. */
export type Named = {
    readonly id: string;
} | {
    readonly name: string;
    readonly domain: {
        readonly id: string;
    } | {
        readonly name: string;
    };
};
export interface CredentialChoice {
    /** An entry of clouds.yaml; over OS_CLOUD. */
    readonly cloud?: string | undefined;
    readonly region?: string | undefined;
    readonly interface?: string | undefined;
}
/** @throws {@link UsageError} where something is missing; KeyError for a file that others may read */
export declare function findCredentials({ env }: Pick<TargetAccess, 'env'>, choice: CredentialChoice): Promise<SwiftCredentials>;
