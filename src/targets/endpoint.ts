import {isIP} from 'node:net';
import {UsageError} from '../errors.ts';
import type {TargetAccess} from './access.ts';

/**
 * Looks at the address of a service before anything is sent to it. One that is neither encrypted nor on this machine is told, or
 * refused where encryption is required.
 *
 * @param what what it is the address of, such as `the storage`
 * @param from where the address comes from, such as `OS_AUTH_URL`
 * @throws {@link UsageError}
 */
export function checkEndpoint(
  address: string,
  {what, from}: {what: string; from: string},
  {requireTls = false, onWarning}: Pick<TargetAccess, 'requireTls' | 'onWarning'>,
): URL {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`The address of ${what} (${from}) is no http:// or https:// address.`, {
      hint: `Correct ${from}.`,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`The address of ${what} (${from}) holds credentials.`, {
      hint: 'Give them in the environment or in a credentials file instead.',
    });
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return url;
  const problem = `${what} at ${url.origin} is reached without encryption (http://)`;
  if (requireTls) {
    throw new UsageError(`${capitalized(problem)}, and requireTls forbids that.`, {
      hint: `Use an https:// address (${from}).`,
    });
  }
  onWarning?.(
    `${problem}: whoever is on the way sees names, sizes and the token. Use https://, and "requireTls: true" to insist on it.`,
  );
  return url;
}

/** Whether a host name or address is this machine itself. */
export function isLoopback(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || address === 'localhost' || address.endsWith('.localhost');
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
