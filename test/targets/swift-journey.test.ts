/** The quickstart's story with only the URL changed, on a real Swift, through the real command line. */
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {Scratch} from '../cli/scratch.ts';
import {describeTree} from '../support/describe-tree.ts';
import {serverFacts} from '../support/servers.ts';
import {logins, newContainer} from './swift-server.ts';

const facts = serverFacts('A journey on Swift', 'swift');

const SECRETS = ['ST_KEY', 'OS_PASSWORD', 'OS_APPLICATION_CREDENTIAL_SECRET'];

describe.runIf(facts)('a journey on Swift', () => {
  test.each(Object.entries(logins(facts ?? {})))(
    'init, backup, incremental, verify, restore elsewhere: %s',
    async (_, env) => {
      using user = new Scratch();
      const url = `swift://${newContainer()}/machines/vm 1`.replace(' ', '%20');
      user.env = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? '']));
      user.write('passphrase', 'correct horse battery\n');
      const key = ['--key', 'ops.private.asc', '--passphrase-file', 'passphrase'];
      mkdirSync(user.path('data'));
      writeFileSync(user.path('data', 'first'), 'first content');
      await user.must(['keygen', 'ops', '--passphrase-file', 'passphrase']);

      const refused = await user.json(['init', url, '--recipient', 'ops.public.asc']);
      expect(refused).toMatchObject({code: 13, json: {hint: expect.stringContaining('init --create')}});
      await user.must(['init', url, '--create', '--recipient', 'ops.public.asc']);
      const config = readFileSync(user.path('holdfast.yaml'), 'utf8');
      expect(config).toContain(`repository: "${url}"`);
      writeFileSync(user.path('holdfast.yaml'), `${config}\nsources: { files: { folder: data } }\n`);

      const full = await user.json(['backup']);
      expect(full, full.stderr).toMatchObject({code: 0, json: {snapshots: [{kind: 'full', retries: 0}]}});
      writeFileSync(user.path('data', 'second'), 'second content');
      const incremental = await user.json(['backup']);
      expect(incremental).toMatchObject({code: 0, json: {snapshots: [{kind: 'incremental'}]}});
      const verified = await user.json(['verify', '--level', 'ciphertext']);
      expect(verified).toMatchObject({code: 0, json: {ok: true, snapshots: 2}});

      const elsewhere = {env: {XDG_STATE_HOME: user.path('elsewhere'), HOLDFAST_REPOSITORY: url}};
      const restored = await user.run(['restore', 'latest', '--to', 'restored', ...key], elsewhere);
      expect(restored.code, restored.stderr).toBe(0);
      expect(describeTree(user.path('restored'))).toEqual(describeTree(user.path('data')));

      // J1: what was told, and what was kept on disk.
      const told = [refused, full, incremental, verified, restored].map(
        ({stdout, stderr}) => stdout + stderr,
      );
      for (const secret of SECRETS.flatMap((name) => env[name] ?? [])) {
        expect(told.join('\n')).not.toContain(secret);
        for (const file of readdirSync(user.path('state'), {recursive: true, withFileTypes: true})) {
          if (!file.isFile()) continue;
          const content = readFileSync(`${file.parentPath}/${file.name}`);
          expect(content.includes(secret), file.name).toBe(false);
        }
      }
    },
    300_000,
  );

  test('wrong credentials: exit code 13, at once, and no secret', async () => {
    using user = new Scratch();
    const {OS_AUTH_URL = '', OS_USERNAME = '', OS_PROJECT_NAME = ''} = facts ?? {};
    user.env = {OS_AUTH_URL, OS_USERNAME, OS_PROJECT_NAME, OS_PASSWORD: 'canary-of-a-password'};
    const ran = await user.json(['snapshots', '--repository', `swift://${newContainer()}`]);
    expect(ran).toMatchObject({
      code: 13,
      json: {code: 'TARGET', message: expect.stringContaining('the credentials are refused (401)')},
    });
    expect(ran.stdout + ran.stderr).not.toContain('canary');
  });
});
