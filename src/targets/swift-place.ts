import {parseDuration} from '../config/units.ts';
import {ConfigError, UsageError} from '../errors.ts';
import {isObjectName} from './object-name.ts';
import type {Named, SwiftCredentials} from './swift-credentials.ts';

/** What a `swift://` address says. */
export interface SwiftPlace {
  readonly container: string;
  /** What stands before each object's name: empty, or ending in `/`. */
  readonly prefix: string;
  /** An entry of clouds.yaml. */
  readonly cloud: string | undefined;
  readonly region: string | undefined;
  readonly interface: string | undefined;
  /** How long the objects of a generation are kept by the store; it deletes them then. */
  readonly expireAfterMs: number | undefined;
}

const PARAMETERS = ['cloud', 'region', 'interface', 'expireAfter'] as const;
const HINT = 'Write swift://container/prefix, with %23 for #, %3F for ? and %25 for %.';

/** @throws {@link UsageError}, which repeats nothing of the address but names of parameters: the rest may be secret */
export function parseSwiftUrl(url: string): SwiftPlace {
  const [, rawContainer = '', rawPrefix = '', query = ''] =
    /^swift:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url) ?? [];
  if (rawContainer.includes('@')) {
    throw new UsageError('The address of a Swift container holds no credentials.', {
      hint: 'Give them in OS_* or ST_* variables, or in clouds.yaml.',
    });
  }
  const container = decode(rawContainer);
  const prefix = decode(rawPrefix).replace(/\/+$/, '');
  if (container === '' || container.includes('/') || Buffer.byteLength(container) > 256) {
    throw new UsageError('The address names no Swift container.', {hint: HINT});
  }
  if (prefix !== '' && !isObjectName(`${prefix}/x`)) {
    throw new UsageError('No object can have the prefix in the address of the Swift container.', {
      hint: HINT,
    });
  }
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if ((PARAMETERS as readonly string[]).includes(name)) continue;
    throw new UsageError('The address of the Swift container has an unknown parameter.', {
      hint: `Known are ${PARAMETERS.join(', ')}. Credentials do not belong there.`,
    });
  }
  const read = (name: (typeof PARAMETERS)[number]) => parameters.get(name) || undefined;
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

/**
 * Tells containers of the same name apart: by the address of the login, and by the account or project where the credentials name it
 * (an application credential does not).
 */
export function labelOf({container, prefix}: SwiftPlace, credentials: SwiftCredentials): string {
  const {authUrl, kind} = credentials;
  const url = URL.parse(authUrl);
  const auth =
    url === null ? undefined : `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v3$/, '')}`;
  const project = kind === 'v1' ? credentials.user.split(':')[0] : nameOf(credentials.project);
  const region = kind === 'v1' ? undefined : credentials.region;
  const query = [auth && `auth=${auth}`, project && `project=${project}`, region && `region=${region}`];
  const path = `swift://${container}/${prefix}`.replace(/\/$/, '');
  return `${path}?${query.filter(Boolean).join('&')}`.replace(/\?$/, '');
}

function nameOf(project: Named | undefined): string | undefined {
  return project && ('id' in project ? project.id : project.name);
}

function expiry(text: string): number {
  try {
    return parseDuration(text);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new UsageError('The parameter expireAfter in the address is not a duration.', {hint: cause.hint});
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new UsageError('The address of the Swift container is not valid.', {cause, hint: HINT});
  }
}
