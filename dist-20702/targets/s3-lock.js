/** Object Lock: what is written cannot be removed or altered for a time, by anybody whose rights do not go beyond ours. */
import { createHash } from 'node:crypto';
import { PutObjectRetentionCommand, } from '@aws-sdk/client-s3';
import { TargetError } from './target.js';
/** What a store may round. */
const TOLERANCE_MS = 2000;
/** What to add to a PUT, so that the object is locked from the start. */
export function lockedInput({ mode }, untilMs, body, hasSum) {
    return {
        ObjectLockMode: s3Mode(mode),
        ObjectLockRetainUntilDate: new Date(untilMs),
        // AWS takes no locked object without a sum of one kind or the other.
        ...(!hasSum && { ContentMD5: createHash('md5').update(body).digest('base64') }),
    };
}
/** Sets the end of an object's lock; a store takes only a later one. */
export async function setLock(client, object, { mode }, untilMs, abortSignal) {
    const Retention = { Mode: s3Mode(mode), RetainUntilDate: new Date(untilMs) };
    await client.send(new PutObjectRetentionCommand({ ...object, Retention }), { abortSignal });
}
/** Until when an object is locked, in ms since the epoch; `Infinity` under a legal hold, undefined if it is not. */
export function lockedUntil(found) {
    if (found.ObjectLockLegalHoldStatus === 'ON')
        return Number.POSITIVE_INFINITY;
    return found.ObjectLockMode === undefined ? undefined : found.ObjectLockRetainUntilDate?.getTime();
}
/** A store that takes a lock and forgets it must not look like one that keeps it. @throws {@link TargetError} */
export function requireLock(label, name, wantedMs, foundMs = 0) {
    if (foundMs >= wantedMs - TOLERANCE_MS)
        return;
    throw new TargetError(`${label} stored ${name}, but does not keep its lock.`, {
        transient: false,
        hint: 'Use a bucket with Object Lock, of a store that enforces it; or take "lock" out of the configuration.',
    });
}
function s3Mode(mode) {
    return mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE';
}
