const HIDDEN = '[redacted]';
const PATTERNS = [
    [/-----BEGIN PGP PRIVATE KEY BLOCK-----[\s\S]*?(?:-----END PGP PRIVATE KEY BLOCK-----|$)/g, HIDDEN],
    // The part before the `@` of a URL. A secret in it may hold `/` or `@` that nobody escaped; a port is none.
    [/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#'"`:]*:(?!\d+(?:\/|\s|$))[^\s'"`]*|[^\s/?#'"`]*)@/gi, `$1${HIDDEN}@`],
    [
        /([?&](?:x-amz-(?:signature|credential)|[^=&\s]*(?:token|secret|passw|passphrase|signature|api-?key|access-?key)[^=&\s]*)=)[^&\s"'`]+/gi,
        `$1${HIDDEN}`,
    ],
    [
        /\b((?:proxy-)?authorization|x-auth-token|x-subject-token|x-amz-security-token|x-auth-key|set-cookie|cookie)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi,
        `$1$2${HIDDEN}`,
    ],
    [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, HIDDEN],
];
const SECRET_VARIABLE = /(?:PASS(?:WORD|PHRASE|WD)?|SECRET|TOKEN|CREDENTIALS?|KEY(?:_ID)?)$|(?:^|_)SECRET_/i;
/** Paths, commands and key ids are shown: one cannot find a mistake without them. */
const SHOWN_VARIABLE = /^HOLDFAST_KEY$|_(?:FILE|PATH|COMMAND)$/;
/** Shorter values would hide ordinary words and so give themselves away. */
const MIN_SECRET_LENGTH = 4;
/** Takes out what looks like a secret: user info and signatures in URLs, authorization headers, private keys. */
export function redact(text) {
    return PATTERNS.reduce((shown, [pattern, replacement]) => shown.replaceAll(pattern, replacement), text);
}
/** Like {@link redact}, and also takes out the values of variables whose names say that they are secret. */
export function createRedactor(env) {
    const secrets = Object.entries(env)
        .filter(([name]) => SECRET_VARIABLE.test(name) && !SHOWN_VARIABLE.test(name))
        .map(([, value]) => value?.trim() ?? '')
        .filter((value) => value.length >= MIN_SECRET_LENGTH)
        .sort((a, b) => b.length - a.length);
    return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), redact(text));
}
const guarded = new WeakSet();
/**
 * Lets a stream's text pass through a redactor, whoever writes it: our reports, Node's warnings, `DEBUG=*` lines of
 * libraries. A second call for the same stream does nothing.
 */
export function guardStream(stream, redactor) {
    if (guarded.has(stream))
        return;
    guarded.add(stream);
    const write = stream.write.bind(stream);
    stream.write = (chunk, ...rest) => write(typeof chunk === 'string' ? redactor(chunk) : chunk, ...rest);
}
