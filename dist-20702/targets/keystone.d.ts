import type { TargetAccess } from './access.ts';
import type { V3Credentials } from './swift-credentials.ts';
import { type Login } from './swift-login.ts';
/** @throws {@link TargetError}; {@link UsageError} where the catalog has no such Swift */
export declare function loginAtKeystone(credentials: V3Credentials, access: TargetAccess, signal: AbortSignal | undefined): Promise<Login>;
