/** A login at Swift: got when it is needed, kept while it is valid, got anew once when the storage refuses it. */
import type { TargetAccess } from './access.ts';
import type { SwiftCredentials } from './swift-credentials.ts';
export interface Session {
    readonly token: string;
    /** Without a slash at its end. */
    readonly storageUrl: string;
    readonly renewAtMs: number;
}
export declare class Sessions {
    #private;
    constructor(credentials: SwiftCredentials, access: TargetAccess);
    /** All who ask while a login is under way get that one: a wrong password is tried once, not once for each upload. */
    get(signal: AbortSignal | undefined): Promise<Session>;
    /** The storage refused this session: the next call logs in. */
    forget(session: Session): void;
}
