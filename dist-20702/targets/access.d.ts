import type { Clock } from './clock.ts';
import type { TargetLimits } from './resilient.ts';
import type { ObjectLock } from './target.ts';
/** What targets on a network need beside their address. */
export interface TargetAccess {
    /** Where credentials and addresses come from, such as `OS_AUTH_URL`. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly limits?: TargetLimits | undefined;
    /** Refuses addresses that are neither encrypted nor on this machine; otherwise they are a warning. */
    readonly requireTls?: boolean | undefined;
    readonly onWarning?: ((warning: string) => void) | undefined;
    readonly clock?: Clock | undefined;
    /** What is put is locked so, by stores that can. */
    readonly lock?: ObjectLock | undefined;
    /** How long a request may stand still before it is given up; a minute by default. */
    readonly stallMs?: number;
}
