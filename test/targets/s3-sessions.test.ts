/** Sessions of STS that end in the midst of a backup and of a restore, on a real Ceph that gives them for seconds (TESTING.md B16). */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {Scratch} from '../cli/scratch.ts';
import {describeTree} from '../support/describe-tree.ts';
import {serverFacts} from '../support/servers.ts';
import {noise} from '../support/trees.ts';
import {newBucketUrl, opened} from './s3-scratch.ts';

const facts = serverFacts('Sessions that end in mid-run', 'rgw') ?? {};
const SESSION_SECONDS = 3;
/**
 * Three parts of a pack are asked for at once, each of 2 MiB to 6 MiB, as the cuts fall: those that come last are asked for long after the first
 * session has ended.
 */
const SOURCE_BYTES = 20_000_000;

/** What a `credential_process` of an operator does: takes a role, and prints the session. Notes each call. */
const PROCESS = `#!/bin/sh
echo called >> "$0.calls"
answer=$(curl -s --aws-sigv4 aws:amz:us-east-1:sts --user '${facts['AWS_ACCESS_KEY_ID']}:${facts['AWS_SECRET_ACCESS_KEY']}' '${facts['S3_ENDPOINT']}/' \\
  -d 'Action=AssumeRole&RoleSessionName=vm&RoleArn=${facts['ROLE_ARN']}&DurationSeconds=${SESSION_SECONDS}&Version=2011-06-15')
get() { printf %s "$answer" | sed -n "s#.*<$1>\\(.*\\)</$1>.*#\\1#p"; }
[ "$1" = tells ] && expiration=", \\"Expiration\\": \\"$(get Expiration)\\""
echo "{\\"Version\\": 1, \\"AccessKeyId\\": \\"$(get AccessKeyId)\\", \\"SecretAccessKey\\": \\"$(get SecretAccessKey)\\", \\"SessionToken\\": \\"$(get SessionToken)\\"$expiration}"
`;

// B16
describe.runIf(facts['ROLE_ARN'])('sessions that end in mid-run', () => {
  test.each(['tells', 'silent'])(
    'new ones are got, and the backup and the restore go on; the process %s when they end',
    async (how) => {
      using user = new Scratch();
      const script = user.write('session', PROCESS, 0o700);
      const calls = () => readFileSync(`${script}.calls`, 'utf8').split('\n').length - 1;
      user.env = {
        AWS_CONFIG_FILE: user.write('aws', `[profile vm]\ncredential_process = ${script} ${how}\n`),
      };
      const url = `${newBucketUrl(facts, 'vm')}&profile=vm`;
      user.write('passphrase', 'correct horse battery\n');
      const key = ['--key', 'ops.private.asc', '--passphrase-file', 'passphrase'];
      await user.must(['keygen', 'ops', '--passphrase-file', 'passphrase']);
      await user.must(['init', url, '--create', '--recipient', 'ops.public.asc']);
      mkdirSync(user.path('data'));
      writeFileSync(user.path('data', 'file'), noise(SOURCE_BYTES, how));
      const config = readFileSync(user.path('holdfast.yaml'), 'utf8').replace(
        '# upload: 20MB/s',
        'upload: 3MB/s\n  download: 1MB/s',
      );
      user.write('holdfast.yaml', `${config}\nsources: { files: { folder: data } }\n`);

      let before = calls();
      const made = await user.json(['backup']);
      expect(made, made.stderr).toMatchObject({code: 0, json: {snapshots: [{kind: 'full', warnings: []}]}});
      expect(calls() - before).toBeGreaterThan(1);
      if (how === 'tells') return; // It takes long; and the other one is the harder.
      before = calls();
      await user.must(['restore', 'latest', '--to', 'restored', ...key]);
      expect(describeTree(user.path('restored'))).toEqual(describeTree(user.path('data')));
      expect(calls() - before).toBeGreaterThan(1);
    },
    300_000,
  );

  test('one in the environment, which nothing renews, is named when it has ended', async () => {
    using user = new Scratch();
    const session = execFileSync(user.write('session', PROCESS, 0o700), {encoding: 'utf8'});
    const {AccessKeyId, SecretAccessKey, SessionToken} = JSON.parse(session) as Record<string, string>;
    user.env = {
      AWS_ACCESS_KEY_ID: AccessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: SecretAccessKey ?? '',
      AWS_SESSION_TOKEN: SessionToken ?? '',
    };
    const url = newBucketUrl(facts, 'vm');
    await using target = opened(url, facts);
    await target.create({container: true});
    const ask = () => user.json(['snapshots', '--repository', url]);
    let answer = await ask();
    while (answer.code === 10) answer = await ask(); // Nothing is there, as long as the session lasts.
    expect(answer).toMatchObject({
      code: 13,
      json: {
        message: expect.stringContaining('access is denied, or the session has ended'),
        hint: expect.stringContaining('Get a new session (AWS_SESSION_TOKEN)'),
      },
    });
    expect(answer.stdout + answer.stderr).not.toContain(SessionToken); // J1
  }, 120_000);
});
