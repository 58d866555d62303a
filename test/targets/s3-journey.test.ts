/** The command line on S3: from the first command to a restore, with a lock, a copy, and wrong credentials; no secret in any of it. */
import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {Scratch} from '../cli/scratch.ts';
import {serverFacts} from '../support/servers.ts';
import {credentials, newBucketUrl} from './s3-scratch.ts';

const ceph = serverFacts('The command line on S3', 'rgw');
const user = new Scratch();
let said = '';

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const ran = await user.run(args, {env: {DEBUG: '*', ...env}});
  said += `\n$ holdfast ${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`;
  return ran;
}

async function json(args: readonly string[], env: Record<string, string> = {}) {
  const ran = await run([...args, '--json'], env);
  return {code: ran.code, ...(JSON.parse(ran.stdout) as Record<string, unknown>)};
}

afterAll(() => user[Symbol.dispose]());

describe.runIf(ceph)('on S3', () => {
  const facts = ceph ?? {};
  const url = newBucketUrl(facts, 'app01');

  test('the story of the quickstart, with only the URL changed', async () => {
    const {AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = ''} = credentials(facts);
    user.env = {AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, HOLDFAST_PASSPHRASE: 'canary-passphrase'};
    mkdirSync(user.path('source'));
    writeFileSync(user.path('source', 'file'), 'content');
    mkdirSync(user.path('client')); // doctor objects to a private key beside the public one.
    expect((await run(['keygen', 'ops', '--output', 'client'])).code).toBe(0);
    copyFileSync(user.path('client/ops.public.asc'), user.path('ops.public.asc'));
    const without = await json(['init', url, '-r', 'ops.public.asc']);
    expect(without).toMatchObject({code: 'TARGET', exitCode: 13, hint: expect.stringContaining('--create')});
    user.write(
      'holdfast.yaml',
      `repository: "${url}"\nlock: {mode: governance, for: 1h}\nsources: {docs: {folder: source}}\n`,
    );
    expect((await run(['init', '--create', '-r', 'ops.public.asc'])).code).toBe(0);
    expect((await run(['backup', '-q'])).code).toBe(2); // The config names no recipients.
    user.write(
      'holdfast.yaml',
      `${readFileSync(user.path('holdfast.yaml'), 'utf8')}recipients: [ops.public.asc]\n`,
    );
    expect((await run(['backup'])).code).toBe(0);
    const {snapshots} = (await json(['snapshots'])) as unknown as {snapshots: {lockedUntil: string}[]};
    expect(Date.parse(snapshots[0]?.lockedUntil ?? '')).toBeGreaterThan(Date.now() + 3_000_000);
    expect((await run(['snapshots'])).stdout).toMatch(/LOCKED/);
    expect(await json(['verify'])).toMatchObject({ok: true});
    expect((await run(['restore', 'latest', '--to', 'out', '--key', 'client/ops.private.asc'])).code).toBe(0);
    expect(readFileSync(user.path('out', 'file'), 'utf8')).toBe('content');
  }, 120_000);

  test('a copy, an examination, a policy', async () => {
    expect(await json(['replicate', '--to', 'copy'])).toMatchObject({snapshots: 1, problems: []});
    expect(await json(['verify', '--repository', 'copy'])).toMatchObject({ok: true});
    const examined = (await json(['doctor'])) as {checks?: {required: boolean; ok: boolean}[]};
    expect(examined.checks?.filter(({required, ok}) => required && !ok)).toEqual([]);
    expect(examined).toMatchObject({code: 3, ok: true, left: {objects: 0}});
    const policy = await run(['doctor', '--policy', 'writer']);
    expect(JSON.parse(policy.stdout)).toMatchObject({Version: '2012-10-17'});
  }, 120_000);

  // J1; "Must hold" 6 of issue 4
  test('wrong credentials end in plain words, and no secret is ever said', async () => {
    const secret = 'canary-secret-key';
    const wrong = {AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: 'canary-session-token'};
    expect(await json(['snapshots'], wrong)).toMatchObject({code: 'TARGET', exitCode: 13});
    expect((await run(['backup'], wrong)).code).toBe(13);
    expect((await run(['snapshots', '--repository', `s3://me:${secret}@bucket/x`])).code).toBe(2);
    expect((await run(['snapshots', '--repository', `s3://bucket/x?secretAccessKey=${secret}`])).code).toBe(
      2,
    );
    const outside = said.replaceAll(/^\$ .*$/gm, '');
    for (const canary of [
      secret,
      'canary-session-token',
      'canary-passphrase',
      user.env['AWS_SECRET_ACCESS_KEY'] ?? '',
    ])
      expect(outside.includes(canary), canary).toBe(false);
  }, 120_000);
});
