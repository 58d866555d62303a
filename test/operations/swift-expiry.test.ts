/** Tokens that end in the midst of a backup and a restore, on a real Keystone that gives them for seconds (TESTING.md B16). */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {ResilientTarget} from '../../src/targets/resilient.ts';
import {SwiftTarget} from '../../src/targets/swift.ts';
import {findCredentials} from '../../src/targets/swift-credentials.ts';
import {labelOf, parseSwiftUrl} from '../../src/targets/swift-place.ts';
import {Sessions} from '../../src/targets/swift-session.ts';
import type {Target} from '../../src/targets/target.ts';
import {describeTree} from '../support/describe-tree.ts';
import {FakeClock} from '../support/fake-clock.ts';
import {Machine} from '../support/machine.ts';
import {readFacts, type ServerFacts, serverFacts} from '../support/servers.ts';
import {noise} from '../support/trees.ts';
import {logins, newContainer} from '../targets/swift-server.ts';

/** As few as Keystone can start with on a busy machine. */
const TOKEN_SECONDS = 20;
const SCRIPT = join(import.meta.dirname, '../servers/swift.sh');
const hasSwift = serverFacts('Tokens that end in mid-run', 'swift') !== undefined;
let folder: string;
let facts: ServerFacts;

describe.runIf(hasSwift)('tokens that end in mid-run', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-swift-'));
    execFileSync(SCRIPT, ['start', folder, '--keystone'], {
      env: {...process.env, SWIFT_TOKEN_SECONDS: String(TOKEN_SECONDS)},
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    facts = readFacts(join(folder, 'facts'));
  }, 180_000);
  afterAll(() => {
    execFileSync(SCRIPT, ['stop', folder], {stdio: 'ignore'});
    rmSync(folder, {recursive: true, force: true});
  });

  test('the storage refuses the token: one more login, and the backup and the restore go on', async () => {
    const env = logins(facts)['Keystone, password'] ?? {};
    const credentials = await findCredentials({env}, {});
    // By this clock no time goes by: no token is renewed before it ends.
    const access = {env, clock: new FakeClock()};
    const sessions = new Sessions(credentials, access);
    const place = parseSwiftUrl(`swift://${newContainer()}/vm`);
    const swift = new SwiftTarget(place, labelOf(place, credentials), sessions, access);
    await swift.create({container: true});
    const tokens = new Set<string>();
    let waitsAt: 'put' | 'get' | undefined = 'put';
    const target = new ResilientTarget(
      expiring(swift, async (what, name) => {
        const {token, storageUrl} = await sessions.get(undefined);
        tokens.add(token);
        if (what === waitsAt && name.includes('/packs/')) {
          waitsAt = undefined;
          await untilRefused(`${storageUrl}/${place.container}`, token);
        }
      }),
    );
    await using machine = await Machine.create({wrap: () => target});
    for (let i = 0; i < 4; i++) writeFileSync(join(machine.source, `file ${i}`), noise(1_100_000, String(i)));
    const made = await machine.backup({}, {}, {packBytes: 1, concurrency: 2});
    expect(made).toMatchObject({kind: 'full', warnings: [], retries: 0});
    const during = tokens.size;
    expect(during).toBeGreaterThan(1);
    waitsAt = 'get';
    const to = join(machine.folder, 'restored');
    expect(await machine.restore('latest', to)).toMatchObject({warnings: [], damaged: []});
    expect(describeTree(to)).toEqual(describeTree(machine.source));
    expect(tokens.size).toBeGreaterThan(during);
  }, 300_000);
});

/** Before each object that is put or read, something happens. */
function expiring(target: SwiftTarget, before: (what: 'put' | 'get', name: string) => Promise<void>): Target {
  return new Proxy<Target>(target, {
    get(object, name) {
      if (name === 'put')
        return async (...args: Parameters<Target['put']>) => {
          await before('put', args[0]);
          await object.put(...args);
        };
      if (name === 'get')
        return async function* (...args: Parameters<Target['get']>) {
          await before('get', args[0]);
          yield* object.get(...args);
        };
      const value: unknown = Reflect.get(object, name, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

async function untilRefused(url: string, token: string): Promise<void> {
  for (;;) {
    const {status, body} = await fetch(url, {method: 'HEAD', headers: {'x-auth-token': token}});
    await body?.cancel();
    if (status === 401) return;
  }
}
