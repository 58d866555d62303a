/** The real Swift of the tests, and a new container in it for each test. */
import type {TargetAccess} from '../../src/targets/access.ts';
import {openSwift, SwiftTarget} from '../../src/targets/swift.ts';
import {findCredentials} from '../../src/targets/swift-credentials.ts';
import {labelOf, parseSwiftUrl} from '../../src/targets/swift-place.ts';
import {Sessions} from '../../src/targets/swift-session.ts';
import type {ServerFacts} from '../support/servers.ts';

/** The three ways to log in. */
export function logins(facts: ServerFacts): Record<string, TargetAccess['env']> {
  const {OS_AUTH_URL, OS_REGION_NAME, APP_CREDENTIAL_ID, APP_CREDENTIAL_SECRET} = facts;
  const os = Object.fromEntries(Object.entries(facts).filter(([name]) => name.startsWith('OS_')));
  return {
    'v1 authentication': {ST_AUTH: facts['ST_AUTH'], ST_USER: facts['ST_USER'], ST_KEY: facts['ST_KEY']},
    'Keystone, password': os,
    'Keystone, application credential': {
      OS_AUTH_URL,
      OS_REGION_NAME,
      OS_APPLICATION_CREDENTIAL_ID: APP_CREDENTIAL_ID,
      OS_APPLICATION_CREDENTIAL_SECRET: APP_CREDENTIAL_SECRET,
    },
  };
}

let containers = 0;

/** The name of a container that is not there. */
export const newContainer = () => `test-${process.pid}-${Date.now().toString(36)}-${containers++}`;

/** A target on a new container. */
export async function createdSwift(
  env: TargetAccess['env'],
  {access = {}, prefix = 'vm/app 01'}: {access?: Partial<TargetAccess>; prefix?: string} = {},
): Promise<{url: string; container: string; target: SwiftTarget}> {
  const container = `swift://${newContainer()}`;
  const url = `${container}/${encodeURI(prefix)}`;
  const target = await openSwift(url, {env, ...access});
  await target.create({container: true});
  return {url, container, target};
}

/** A request that the target makes no use of, on what a `swift://` address names: a container or an object. */
export async function request(
  env: TargetAccess['env'],
  url: string,
  method: 'GET' | 'HEAD' | 'POST',
  headers: Record<string, string> = {},
): Promise<{headers: Headers; text: string}> {
  const sessions = new Sessions(await findCredentials({env}, {}), {env});
  const {storageUrl, token} = await sessions.get(undefined);
  const path = url.slice('swift://'.length);
  const response = await fetch(`${storageUrl}/${path}`, {
    method,
    headers: {...headers, 'x-auth-token': token},
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return {headers: response.headers, text: await response.text()};
}

const shared = new Map<TargetAccess['env'], Sessions>();

/** Like {@link createdSwift}, in one login for all: logging in is not what such tests are about, and takes Keystone long. */
export async function sharedSwift(env: TargetAccess['env']): Promise<SwiftTarget> {
  const sessions = shared.get(env) ?? new Sessions(await findCredentials({env}, {}), {env});
  shared.set(env, sessions);
  const place = parseSwiftUrl(`swift://${newContainer()}/vm/app%2001`);
  const target = new SwiftTarget(place, labelOf(place, await findCredentials({env}, {})), sessions, {env});
  await target.create({container: true});
  return target;
}
