/** An address in MongoDB's own syntax, which may name several hosts: no URL in the sense of the standard. */
export interface MongodbUri {
  readonly scheme: 'mongodb' | 'mongodb+srv';
  /** As written, with escapes. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** In lower case, each with its port. */
  readonly hosts: readonly string[];
  readonly database: string | undefined;
  readonly options: URLSearchParams;
}

const SYNTAX =
  /^(mongodb(?:\+srv)?):\/\/(?:([^@:/?#]*)(?::([^@/?#]*))?@)?([^@/?#\s]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/;

/** Undefined if it is none. */
export function parseMongodbUri(text: string): MongodbUri | undefined {
  const [, scheme, user, password, hosts = '', database, options] = SYNTAX.exec(text) ?? [];
  if (scheme === undefined || hosts.split(',').includes('')) return undefined;
  return {
    scheme: scheme as MongodbUri['scheme'],
    user: user || undefined,
    password: password || undefined,
    hosts: hosts.split(',').map((host) => withPort(host.toLowerCase(), scheme)),
    database: database ? decodeURIComponent(database) : undefined,
    options: new URLSearchParams(options),
  };
}

/** The address without its password and its database. */
export function serverUri({scheme, user, hosts, options}: MongodbUri): string {
  const query = options.toString();
  return `${scheme}://${user === undefined ? '' : `${user}@`}${hosts.join()}/${query === '' ? '' : `?${query}`}`;
}

/** The servers of `mongodb+srv` have no port in the address: DNS knows it. */
function withPort(host: string, scheme: string): string {
  return scheme === 'mongodb+srv' || /:\d+$/.test(host) || host.endsWith('.sock') ? host : `${host}:27017`;
}
