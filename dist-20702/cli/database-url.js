import { UsageError } from '../errors.js';
import { Secret } from '../system/secret.js';
/** As in `postgres://user@/orders?host=/run/postgresql`; the URL standard wants a host there. */
const WITHOUT_HOST = /^(\w+:\/\/[^/?#]*@)(?=[/?#]|$)/;
const NO_HOST = 'no-host.invalid';
/**
 * Reads `postgres://user@host:5432/orders?sslmode=require`; the host may also be `?host=/run/postgresql`.
 * @throws {@link UsageError}
 */
export function parseDatabaseUrl(text) {
    const wrong = (problem) => new UsageError(`--database ${problem}.`, {
        hint: 'Write it like postgres://user@host:5432/orders_restored.',
    });
    let url;
    try {
        url = new URL(text.replace(WITHOUT_HOST, `$1${NO_HOST}`));
    }
    catch {
        throw wrong('is no URL');
    }
    if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
        throw wrong(`knows no ${url.protocol}//`);
    const known = ['host', 'sslmode', 'sslrootcert'];
    const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
    if (unknown !== undefined)
        throw wrong(`knows no "${unknown}"; it knows ${known.join(', ')}`);
    const part = (value) => (value === '' ? undefined : decodeURIComponent(value));
    const password = part(url.password);
    return {
        database: part(url.pathname.slice(1)),
        connection: {
            host: url.searchParams.get('host') ??
                part(url.hostname === NO_HOST ? '' : url.hostname.replace(/^\[(.*)\]$/, '$1')),
            port: url.port === '' ? undefined : Number(url.port),
            user: part(url.username),
            password: password === undefined ? undefined : new Secret(password),
            sslmode: url.searchParams.get('sslmode') ?? undefined,
            sslrootcert: url.searchParams.get('sslrootcert') ?? undefined,
            programs: undefined,
        },
    };
}
