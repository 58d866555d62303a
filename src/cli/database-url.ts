import {parseMongodbUri, serverUri} from '../config/mongodb-uri.ts';
import {UsageError} from '../errors.ts';
import type {DatabaseTarget} from '../operations/restore-database.ts';
import {Secret} from '../system/secret.ts';

/** As in `postgres://user@/orders?host=/run/postgresql`; the URL standard wants a host there. */
const WITHOUT_HOST = /^(\w+:\/\/[^/?#]*@)(?=[/?#]|$)/;
const NO_HOST = 'no-host.invalid';

const KINDS: Readonly<Record<string, 'postgres' | 'mysql'>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
};
const KNOWN: Readonly<Record<'postgres' | 'mysql', readonly string[]>> = {
  postgres: ['host', 'sslmode', 'sslrootcert'],
  mysql: ['socket', 'tls'],
};

/**
 * Reads `postgres://user@host:5432/orders?sslmode=require`; the host may also be `?host=/run/postgresql`; or `mysql://…`,
 * or `mongodb://…` as in MongoDB's own tools.
 * @throws {@link UsageError}
 */
export function parseDatabaseUrl(text: string): DatabaseTarget {
  const wrong = (problem: string): UsageError =>
    new UsageError(`--database ${problem}.`, {
      hint: 'Write it like postgres://user@host:5432/orders_restored, mysql://… or mongodb://….',
    });
  if (text.startsWith('mongodb')) {
    const target = mongodbTarget(text);
    if (target === undefined) throw wrong('is no address of MongoDB');
    return target;
  }
  let url: URL;
  try {
    url = new URL(text.replace(WITHOUT_HOST, `$1${NO_HOST}`));
  } catch {
    throw wrong('is no URL');
  }
  const kind = KINDS[url.protocol];
  if (kind === undefined) throw wrong(`knows no ${url.protocol}//`);
  const known = KNOWN[kind];
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`knows no "${unknown}"; it knows ${known.join(', ')}`);
  const part = (value: string): string | undefined => (value === '' ? undefined : decodeURIComponent(value));
  const option = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const password = part(url.password);
  const database = part(url.pathname.slice(1));
  const common = {
    host: part(url.hostname === NO_HOST ? '' : url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? undefined : Number(url.port),
    user: part(url.username),
    password: password === undefined ? undefined : new Secret(password),
    programs: undefined,
  };
  if (kind === 'mysql') {
    const connection = {...common, socket: option('socket'), tls: option('tls') === 'true'};
    return {kind, database, connection};
  }
  const connection = {
    ...common,
    host: option('host') ?? common.host,
    sslmode: option('sslmode'),
    sslrootcert: option('sslrootcert'),
  };
  return {kind, database, connection};
}

function mongodbTarget(text: string): DatabaseTarget | undefined {
  const uri = parseMongodbUri(text);
  if (uri === undefined) return undefined;
  const password = uri.password === undefined ? undefined : new Secret(decodeURIComponent(uri.password));
  return {
    kind: 'mongodb',
    database: uri.database,
    connection: {uri: serverUri(uri), password, programs: undefined},
  };
}
