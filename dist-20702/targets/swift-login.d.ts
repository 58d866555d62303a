/** Logs in by v1 authentication (tempauth, Ceph), and says why any login failed. */
import type { TargetAccess } from './access.ts';
import { type HttpResponse } from './http.ts';
import type { V1Credentials } from './swift-credentials.ts';
import { TargetError } from './target.ts';
/** What a login gives. */
export interface Login {
    readonly token: string;
    /** The account's address. */
    readonly storageUrl: string;
    /** Where that comes from, for messages. */
    readonly from: string;
    /** How long the token is valid, from when it was given; undefined where that is not said. */
    readonly validMs: number | undefined;
}
/** @throws {@link TargetError} */
export declare function loginByV1({ authUrl, user, key, from }: V1Credentials, access: TargetAccess): Promise<Login>;
/** Why a login failed, by its answer. */
export declare function loginError(response: HttpResponse, what: string, from: string): Promise<TargetError>;
