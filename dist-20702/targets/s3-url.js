/** What an `s3://` URL says. No credentials: they come from the AWS chain (docs/targets.md). */
import { UsageError } from '../errors.js';
import { isObjectName } from './object-name.js';
const KNOWN = [
    'region',
    'endpoint',
    'pathStyle',
    'profile',
    'storageClass',
    'encryption',
    'kmsKey',
    'at',
];
const FORM = 's3://bucket/prefix?region=eu-central-1&endpoint=https://s3.example.org';
/** What AWS allows, and the upper case and underscores of old buckets and other stores. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
/** @throws {@link UsageError}, which repeats no part of the URL: somebody may have put a secret there */
export function parseS3Url(url) {
    const match = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url);
    if (match === null)
        throw wrong('The s3:// URL is not valid.');
    const [, bucket = '', path = '', query = ''] = match;
    if (bucket.includes('@'))
        throw credentialsInUrl();
    if (!BUCKET.test(bucket))
        throw wrong('The s3:// URL names no bucket, or one that cannot be.');
    const settings = parseQuery(query);
    const endpoint = settings.has('endpoint') ? parseEndpoint(settings.get('endpoint') ?? '') : undefined;
    return {
        bucket,
        prefix: parsePrefix(path),
        region: settings.get('region'),
        endpoint,
        // Other stores rarely have a name and a certificate for each bucket; nor has AWS for a bucket with dots.
        pathStyle: parsePathStyle(settings.get('pathStyle')) ?? (endpoint !== undefined || bucket.includes('.')),
        profile: settings.get('profile'),
        storageClass: settings.get('storageClass'),
        encryption: settings.get('encryption') ?? (settings.has('kmsKey') ? 'aws:kms' : undefined),
        kmsKey: settings.get('kmsKey'),
        at: parseMoment(settings.get('at')),
    };
}
function parseQuery(query) {
    const settings = new Map();
    for (const [key, value] of new URLSearchParams(query)) {
        if (/secret|password|token|access.?key/i.test(key))
            throw credentialsInUrl();
        const known = KNOWN.find((name) => name === key);
        if (known === undefined)
            throw wrong(`The s3:// URL has an unknown setting; there are ${KNOWN.join(', ')}.`);
        if (value === '')
            throw wrong(`The setting ${known} of the s3:// URL is empty.`);
        if (settings.has(known))
            throw wrong(`The s3:// URL has ${known} twice.`);
        settings.set(known, value);
    }
    return settings;
}
function parsePrefix(path) {
    let prefix;
    try {
        prefix = decodeURIComponent(path).replace(/\/+$/, '');
    }
    catch (cause) {
        throw wrong('The path of the s3:// URL is not valid: write %25 for %.', cause);
    }
    if (prefix === '')
        return '';
    if (!isObjectName(prefix))
        throw wrong('The path of the s3:// URL cannot be the beginning of object names.');
    return `${prefix}/`;
}
function parsePathStyle(value) {
    if (value === undefined)
        return undefined;
    if (value !== 'true' && value !== 'false')
        throw wrong('pathStyle in the s3:// URL is true or false.');
    return value === 'true';
}
function parseMoment(value) {
    if (value === undefined || value === 'first')
        return value;
    const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$/.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(time))
        throw wrong('at in the s3:// URL is "first", or a time such as 2026-11-20T02:30:00Z.');
    return time;
}
function parseEndpoint(value) {
    const url = URL.parse(value);
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
        throw wrong('The endpoint in the s3:// URL is no https:// address.');
    }
    if (url.username !== '' || url.password !== '')
        throw credentialsInUrl();
    if (url.search !== '' || url.hash !== '')
        throw wrong('The endpoint in the s3:// URL has a query or a fragment.');
    return url.href.replace(/\/+$/, '');
}
function credentialsInUrl() {
    return wrong('Credentials do not belong in the s3:// URL.', undefined, 'Give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in a profile (~/.aws/credentials).');
}
function wrong(message, cause, hint = `Write it like ${FORM}.`) {
    return new UsageError(message, { cause, hint });
}
