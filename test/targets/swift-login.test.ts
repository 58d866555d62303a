/** Who we are for Swift, and what Keystone is told; a real Keystone takes the same in swift.test.ts. */
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {KeyError, UsageError} from '../../src/errors.ts';
import type {TargetAccess} from '../../src/targets/access.ts';
import {checkEndpoint} from '../../src/targets/endpoint.ts';
import {openSwift} from '../../src/targets/swift.ts';
import {findCredentials} from '../../src/targets/swift-credentials.ts';
import {FakeClock} from '../support/fake-clock.ts';
import {scriptedServer} from '../support/scripted-server.ts';
import {failure} from './scratch.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-swift-login-'));
afterAll(() => rmSync(scratch, {recursive: true, force: true}));

const CANARY = 'canary-of-a-secret';
type Json = Record<string, unknown>;

interface KeystoneOptions {
  readonly endpoints?: readonly {
    readonly interface: string;
    readonly region_id: string;
    readonly path: string;
  }[];
  /** How long its tokens are valid. */
  readonly validSeconds?: number;
}

/** A Keystone and a Swift without objects in one; keeps what it was sent. */
async function keystone({endpoints, validSeconds = 3600}: KeystoneOptions = {}) {
  const logins: Json[] = [];
  const tokens: (string | undefined)[] = [];
  const server = await scriptedServer((request, response, incoming) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      if (request.path !== '/identity/v3/auth/tokens') {
        tokens.push(request.headers['x-auth-token']?.toString());
        response.writeHead(204).end();
        return;
      }
      logins.push(JSON.parse(Buffer.concat(pieces).toString()) as Json);
      const issued = Date.parse('2020-01-01T00:00:00Z'); // Keystone's clock is wrong: only the difference counts.
      const urls = endpoints ?? [{interface: 'public', region_id: 'one', path: '/public-one'}];
      const token = {
        issued_at: new Date(issued).toISOString(),
        expires_at: new Date(issued + validSeconds * 1000).toISOString(),
        catalog: [
          {type: 'compute', endpoints: [{interface: 'public', region_id: 'one', url: `${server.url}/wrong`}]},
          {
            type: 'object-store',
            endpoints: urls.map(({path, ...rest}) => ({...rest, url: server.url + path})),
          },
        ],
      };
      response.writeHead(201, {'x-subject-token': `token-${logins.length}`}).end(JSON.stringify({token}));
    });
  });
  const env = {
    OS_AUTH_URL: `${server.url}/identity`,
    OS_USERNAME: 'me',
    OS_PASSWORD: CANARY,
    OS_PROJECT_NAME: 'shop',
  };
  return {server, logins, tokens, env, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]()};
}

describe('what Keystone is told', () => {
  const domain = {id: 'default'};
  test.each<[string, Record<string, string>, Json]>([
    [
      'password, names in the default domain',
      {},
      {
        identity: {methods: ['password'], password: {user: {name: 'me', domain, password: CANARY}}},
        scope: {project: {name: 'shop', domain}},
      },
    ],
    [
      'password, ids and domains by name',
      {OS_USERNAME: '', OS_USER_ID: 'u1', OS_PROJECT_DOMAIN_NAME: 'Shops', OS_USER_DOMAIN_NAME: 'People'},
      {
        identity: {methods: ['password'], password: {user: {id: 'u1', password: CANARY}}},
        scope: {project: {name: 'shop', domain: {name: 'Shops'}}},
      },
    ],
    [
      'application credential by id: no scope of its own',
      {OS_APPLICATION_CREDENTIAL_ID: 'a1', OS_APPLICATION_CREDENTIAL_SECRET: CANARY},
      {identity: {methods: ['application_credential'], application_credential: {id: 'a1', secret: CANARY}}},
    ],
    [
      'application credential by name',
      {
        OS_APPLICATION_CREDENTIAL_NAME: 'backup',
        OS_APPLICATION_CREDENTIAL_SECRET: CANARY,
        OS_USER_DOMAIN_ID: 'd',
      },
      {
        identity: {
          methods: ['application_credential'],
          application_credential: {name: 'backup', user: {name: 'me', domain: {id: 'd'}}, secret: CANARY},
        },
      },
    ],
    [
      'token',
      {OS_PASSWORD: '', OS_TOKEN: CANARY, OS_PROJECT_ID: 'p1'},
      {identity: {methods: ['token'], token: {id: CANARY}}, scope: {project: {id: 'p1'}}},
    ],
  ])('%s', async (_, env, auth) => {
    await using cloud = await keystone();
    const target = await openSwift('swift://box', {env: {...cloud.env, ...env}});
    await target.stat('a').catch(() => undefined);
    expect(cloud.logins).toEqual([{auth}]);
    expect(cloud.tokens[0]).toBe('token-1');
  });
});

describe('the endpoint', () => {
  const endpoints = [
    {interface: 'public', region_id: 'one', path: '/public-one'},
    {interface: 'internal', region_id: 'one', path: '/internal-one'},
    {interface: 'public', region_id: 'two', path: '/public-two'},
  ];
  test.each<[string, Record<string, string>, string]>([
    ['swift://box', {OS_REGION_NAME: 'one'}, '/public-one/box'],
    ['swift://box', {OS_REGION_NAME: 'one', OS_INTERFACE: 'internal'}, '/internal-one/box'],
    ['swift://box', {OS_ENDPOINT_TYPE: 'internalURL'}, '/internal-one/box'],
    ['swift://box?region=two', {OS_REGION_NAME: 'one'}, '/public-two/box'],
    ['swift://box?region=one&interface=internal', {}, '/internal-one/box'],
  ])('of %s with %o', async (url, env, path) => {
    await using cloud = await keystone({endpoints});
    const target = await openSwift(url, {env: {...cloud.env, ...env}});
    await target.create();
    expect(cloud.server.requests.at(-1)).toMatchObject({method: 'HEAD', path});
  });

  test.each<[Record<string, string>, RegExp]>([
    [{}, /several regions/],
    [{OS_REGION_NAME: 'three'}, /no Swift in region "three"/],
    [{OS_INTERFACE: 'admin'}, /no admin interface/],
  ])('is refused with %o', async (env, message) => {
    await using cloud = await keystone({endpoints});
    const target = await openSwift('swift://box', {env: {...cloud.env, ...env}});
    const error = await failure(target.create());
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/OS_/),
    });
  });
});

test('containers of one name in other clouds, projects and regions are other places', async () => {
  const os = {OS_AUTH_URL: 'https://one/v3/', OS_USERNAME: 'u', OS_PASSWORD: CANARY, OS_PROJECT_NAME: 'p'};
  const st = {ST_AUTH: 'https://old/auth/v1.0', ST_USER: 'account:user', ST_KEY: CANARY};
  const label = async (env: Record<string, string>) => (await openSwift('swift://box/vm', {env})).label;
  expect(await label(os)).toBe('swift://box/vm?auth=https://one&project=p');
  expect(await label({...os, OS_AUTH_URL: 'https://one'})).toBe(await label(os));
  const others = [
    {...os, OS_AUTH_URL: 'https://two/v3'},
    {...os, OS_PROJECT_NAME: 'q'},
    {...os, OS_REGION_NAME: 'r'},
    st,
    {...st, ST_USER: 'other:user'},
  ];
  const labels = await Promise.all([os, ...others].map(label));
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels.join()).not.toContain(CANARY);
});

// B16
test('a token is renewed before it ends, whatever the clock of Keystone says', async () => {
  await using cloud = await keystone({validSeconds: 1000});
  const clock = new FakeClock();
  const target = await openSwift('swift://box', {env: cloud.env, clock});
  for (const waitMs of [0, 800_000, 150_000, 10_000]) {
    await clock.sleep(waitMs, undefined);
    await target.create();
  }
  expect(cloud.tokens).toEqual(['token-1', 'token-1', 'token-2', 'token-2']);
});

describe('clouds.yaml', () => {
  const write = (name: string, text: string, mode = 0o600) => {
    const folder = join(scratch, name, 'openstack');
    mkdirSync(folder, {recursive: true});
    writeFileSync(join(folder, 'clouds.yaml'), text, {mode});
    return {folder, env: {XDG_CONFIG_HOME: join(scratch, name)}};
  };
  const CLOUD = `clouds:
  mine:
    auth: {auth_url: 'https://cloud.example:5000/v3', username: me, project_id: 42, user_domain_name: Default}
    region_name: one
    interface: internal
  old:
    auth_type: v1password
    auth: {auth_url: 'https://old.example/auth/v1.0', username: 'a:b', password: ${CANARY}}
`;

  test('is read with its secure.yaml, and the address may name the cloud', async () => {
    const {folder, env} = write('both', CLOUD);
    writeFileSync(join(folder, 'secure.yaml'), `clouds: {mine: {auth: {password: ${CANARY}}}}`, {
      mode: 0o600,
    });
    const credentials = await findCredentials({env: {...env, OS_CLOUD: 'mine'}}, {});
    expect(credentials).toMatchObject({
      kind: 'v3',
      authUrl: 'https://cloud.example:5000/v3',
      identity: {method: 'password', user: {name: 'me', domain: {name: 'Default'}}},
      project: {id: '42'},
      region: 'one',
      interface: 'internal',
    });
    expect(JSON.stringify(credentials)).not.toContain(CANARY); // J1
    expect(await findCredentials({env}, {cloud: 'old', region: 'two'})).toMatchObject({
      kind: 'v1',
      user: 'a:b',
    });
  });

  test.each<[string, string, RegExp]>([
    ['of another cloud', 'clouds: {mines: {}}', /no cloud "mine"/],
    ['without an address', 'clouds: {mine: {auth: {username: me}}}', /no auth_url/],
    ['without a password', 'clouds: {mine: {auth: {auth_url: "https://x", username: me}}}', /no password/],
    ['that is no YAML', `clouds: {mine: ${CANARY}`, /no clouds.yaml/],
    ['that is something else', `- ${CANARY}`, /no clouds.yaml/],
  ])('%s is refused, and nothing in it is shown', async (name, text, message) => {
    const {env} = write(name.replaceAll(' ', '-'), text);
    const error = await failure(findCredentials({env}, {cloud: 'mine'}));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({message: expect.stringMatching(message)});
    expect(`${(error as Error).stack} ${(error as UsageError).hint}`).not.toContain(CANARY);
  });

  // J6
  test('that others may read is refused', async () => {
    const {folder, env} = write('open', CLOUD);
    chmodSync(join(folder, 'clouds.yaml'), 0o644);
    const error = await failure(findCredentials({env}, {cloud: 'mine'}));
    expect(error).toBeInstanceOf(KeyError);
    expect(error).toMatchObject({exitCode: 12, hint: expect.stringContaining('chmod 600')});
  });

  test('that is not there is asked for', async () => {
    await expect(
      findCredentials({env: {XDG_CONFIG_HOME: join(scratch, 'none')}}, {cloud: 'x'}),
    ).rejects.toThrow('no clouds.yaml');
  });
});

test.each<[Record<string, string>, RegExp]>([
  [{}, /no credentials for Swift/],
  [{ST_AUTH: 'https://x/auth', ST_USER: 'me'}, /ST_KEY is not/],
  [{OS_AUTH_URL: 'https://x', OS_PASSWORD: CANARY}, /no username/],
  [
    {OS_AUTH_URL: 'https://x', OS_USERNAME: 'me', OS_PASSWORD: CANARY, OS_IDENTITY_API_VERSION: '2.0'},
    /version 2/,
  ],
  [{OS_AUTH_URL: 'https://x', OS_APPLICATION_CREDENTIAL_ID: 'a'}, /no application_credential_secret/],
])('incomplete credentials are named: %o', async (env, message) => {
  await expect(findCredentials({env}, {})).rejects.toThrow(message);
});

describe('an address', () => {
  const check = (address: string, access: Partial<TargetAccess> = {}) => {
    const warnings: string[] = [];
    const onWarning = (warning: string) => warnings.push(warning);
    checkEndpoint(address, {what: 'the storage', from: 'OS_AUTH_URL'}, {onWarning, ...access});
    return warnings;
  };

  test.each([
    'https://cloud.example',
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'http://[::1]:8080', // B27
    'http://localhost',
  ])('%s is fine', (address) => {
    expect(check(address, {requireTls: true})).toEqual([]);
  });

  test.each(['http://cloud.example', 'http://10.0.0.1', 'http://localhost.example', 'http://[::2]'])(
    '%s is a warning, or refused where encryption is required',
    (address) => {
      expect(check(address)).toEqual([expect.stringContaining('without encryption')]);
      expect(() => check(address, {requireTls: true})).toThrow('requireTls forbids that');
    },
  );

  test.each([`https://me:${CANARY}@cloud.example`, `ftp://${CANARY}`, CANARY])('%s is refused', (address) => {
    expect(() => check(address)).toThrow(UsageError);
    expect(() => check(address)).not.toThrow(CANARY);
  });
});
