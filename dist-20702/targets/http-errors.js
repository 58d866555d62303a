import { TargetError } from './target.js';
/** What the network says, in plain words. */
const WORDS = {
    ECONNREFUSED: 'the connection was refused',
    ECONNRESET: 'the connection was reset',
    EPIPE: 'the connection was closed',
    UND_ERR_SOCKET: 'the connection was closed',
    EHOSTUNREACH: 'the host cannot be reached',
    ENETUNREACH: 'the network cannot be reached',
    ENOTFOUND: 'there is no host of that name',
    EAI_AGAIN: 'the name of the host could not be looked up',
    ETIMEDOUT: 'the connection took too long',
    UND_ERR_CONNECT_TIMEOUT: 'the connection took too long',
    UND_ERR_HEADERS_TIMEOUT: 'no answer came',
    UND_ERR_BODY_TIMEOUT: 'the answer broke off',
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer broke off',
};
const TLS_HINT = 'If the authority is your own, name its certificate as "caFile" in the configuration; never switch the check off.';
/** Codes of OpenSSL and Node about certificates: no second try will be better. */
const TLS_CODES = /^(?:CERT_|CRL_|ERR_TLS_|ERR_SSL_|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT|UNABLE_TO_(?:GET|VERIFY|DECODE|DECRYPT)_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;
/**
 * What `fetch` threw, as an error that says what could not be done. Errors of ours pass unchanged.
 *
 * @param what the beginning of the message, such as `Cannot store x in swift://c`
 */
export function networkError(what, url, cause) {
    if (cause instanceof TargetError)
        return cause;
    const code = codeOf(cause);
    if (code === undefined)
        return cause;
    const { host } = new URL(url);
    if (TLS_CODES.test(code)) {
        return new TargetError(`${what}: the encryption of ${host} cannot be trusted (${code}).`, {
            cause,
            transient: false,
            hint: TLS_HINT,
        });
    }
    return new TargetError(`${what}: ${WORDS[code] ?? 'the connection failed'} (${host}, ${code}).`, {
        cause,
        transient: true,
        hint: 'Check the address and the network, then run this again.',
    });
}
/** The code of the innermost error that has one; undefined for what is no failure of the network. */
function codeOf(cause) {
    let found;
    for (let error = cause; error instanceof Error; error = error.cause) {
        const { code } = error;
        if (typeof code === 'string')
            found = code;
        if (error instanceof AggregateError && found === undefined)
            error.cause ??= error.errors[0];
    }
    if (found !== undefined)
        return found;
    // fetch says no more of what breaks off in the midst of an answer.
    return cause instanceof TypeError && /^(?:fetch failed|terminated)$/.test(cause.message)
        ? 'UND_ERR_SOCKET'
        : undefined;
}
const TRANSIENT_STATUS = new Set([408, 425, 429, 498, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
const THROTTLED_STATUS = new Set([429, 498, 503]);
/** What a status says about trying again. 498 is Swift's rate limit. */
export function retryDetails(status, headers, nowMs) {
    return {
        transient: TRANSIENT_STATUS.has(status),
        throttled: THROTTLED_STATUS.has(status),
        retryAfterMs: retryAfter(headers.get('retry-after'), nowMs),
    };
}
/** `Retry-After` as seconds or as a date, in milliseconds from now. */
function retryAfter(text, nowMs) {
    if (text === null)
        return undefined;
    if (/^\d{1,9}$/.test(text))
        return Number(text) * 1000;
    const atMs = Date.parse(text);
    return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
