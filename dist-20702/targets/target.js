import { DamageError, EXIT, HoldfastError } from '../errors.js';
/** The target could not be reached, denied access, or broke off. */
export class TargetError extends HoldfastError {
    code = 'TARGET';
    exitCode = EXIT.target;
    transient;
    throttled;
    retryAfterMs;
    constructor(message, { transient, throttled = false, retryAfterMs, ...details }) {
        super(message, details);
        this.transient = transient;
        this.throttled = throttled;
        this.retryAfterMs = retryAfterMs;
    }
}
/** The name is taken. */
export class ObjectExistsError extends TargetError {
    code = 'OBJECT_EXISTS';
    constructor(label, name, options = {}) {
        super(`${label} has an object ${name} already.`, { ...options, transient: false });
    }
}
/** Nothing is stored under the name. */
export class ObjectMissingError extends TargetError {
    code = 'OBJECT_MISSING';
    constructor(label, name, options = {}) {
        super(`${label} has no object ${name}.`, {
            ...options,
            transient: false,
            hint: 'Run "holdfast verify" to see what is missing and what that affects.',
        });
    }
}
/** The store does not let anybody remove the object yet. */
export class ObjectLockedError extends TargetError {
    code = 'OBJECT_LOCKED';
    /** In ms since the epoch; `Infinity` where there is no end. */
    untilMs;
    constructor(label, name, untilMs, options = {}) {
        const until = Number.isFinite(untilMs) ? `until ${new Date(untilMs).toISOString()}` : 'without an end';
        super(`${label} keeps ${name} locked ${until}.`, {
            ...options,
            transient: false,
            hint: 'Run this again when the lock is over.',
        });
        this.untilMs = untilMs;
    }
}
/** What arrived of an object is not what the store's own checksum says: damaged there, or on the way. */
export class GarbledObjectError extends DamageError {
    constructor(name) {
        super(name, 'it arrives with other bytes than the checksum of the storage says');
    }
}
