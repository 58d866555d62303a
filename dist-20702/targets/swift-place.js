import { parseDuration } from '../config/units.js';
import { ConfigError, UsageError } from '../errors.js';
import { isObjectName } from './object-name.js';
const PARAMETERS = ['cloud', 'region', 'interface', 'expireAfter'];
const HINT = 'Write swift://container/prefix, with %23 for #, %3F for ? and %25 for %.';
/** @throws {@link UsageError}, which repeats nothing of the address but names of parameters: the rest may be secret */
export function parseSwiftUrl(url) {
    const [, rawContainer = '', rawPrefix = '', query = ''] = /^swift:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url) ?? [];
    if (rawContainer.includes('@')) {
        throw new UsageError('The address of a Swift container holds no credentials.', {
            hint: 'Give them in OS_* or ST_* variables, or in clouds.yaml.',
        });
    }
    const container = decode(rawContainer);
    const prefix = decode(rawPrefix).replace(/\/+$/, '');
    if (container === '' || container.includes('/') || Buffer.byteLength(container) > 256) {
        throw new UsageError('The address names no Swift container.', { hint: HINT });
    }
    if (prefix !== '' && !isObjectName(`${prefix}/x`)) {
        throw new UsageError('No object can have the prefix in the address of the Swift container.', {
            hint: HINT,
        });
    }
    const parameters = new URLSearchParams(query);
    for (const name of parameters.keys()) {
        if (PARAMETERS.includes(name))
            continue;
        throw new UsageError('The address of the Swift container has an unknown parameter.', {
            hint: `Known are ${PARAMETERS.join(', ')}. Credentials do not belong there.`,
        });
    }
    const read = (name) => parameters.get(name) || undefined;
    const expireAfter = read('expireAfter');
    return {
        container,
        prefix: prefix === '' ? '' : `${prefix}/`,
        cloud: read('cloud'),
        region: read('region'),
        interface: read('interface'),
        expireAfterMs: expireAfter === undefined ? undefined : expiry(expireAfter),
    };
}
function expiry(text) {
    try {
        return parseDuration(text);
    }
    catch (cause) {
        if (!(cause instanceof ConfigError))
            throw cause;
        throw new UsageError('The parameter expireAfter in the address is not a duration.', { hint: cause.hint });
    }
}
function decode(text) {
    try {
        return decodeURIComponent(text);
    }
    catch (cause) {
        throw new UsageError('The address of the Swift container is not valid.', { cause, hint: HINT });
    }
}
