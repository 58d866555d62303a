/** Who hears of a run of the real command line, and that nobody hears a secret. */
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {PassThrough} from 'node:stream';
import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest';
import {Notifier} from '../../src/cli/notifier.ts';
import {Output} from '../../src/cli/output.ts';
import {parseConfig} from '../../src/config/config.ts';
import {serverFacts} from '../support/servers.ts';
import {WebListener} from '../support/web-listener.ts';
import {Scratch} from './scratch.ts';

const smtp = serverFacts('notifications of the command line by mail', 'smtp');
const CANARIES = {
  HOLDFAST_PASSPHRASE: 'canary-passphrase-1',
  AWS_SECRET_ACCESS_KEY: 'canary-storage-2',
  DB_PASSWORD: 'canary-database-3',
  HOOK_TOKEN: 'canary-hook-4',
};
const WEBHOOK_TOKEN = 'canary-webhook-5';

const home = new Scratch();
const config = home.path('holdfast.yaml');
let begin = '';
let web: WebListener;

beforeAll(async () => {
  web = await WebListener.start();
  home.write('data/file', 'content');
  home.env = {HOLDFAST_PASSPHRASE: 'correct horse'};
  await home.must(['keygen', 'ops']);
  await home.must(['init', home.path('repository'), '--recipient', 'ops.public.asc']);
  begin = readFileSync(config, 'utf8');
  home.env = {...CANARIES, SMTP_PASSWORD: smtp?.['SMTP_PASSWORD'] ?? ''};
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});
beforeEach(() => {
  web.asked.length = 0;
  web.answer = () => 200;
});

function configure(lines: string): void {
  writeFileSync(config, `${begin}\n${lines}\n`, {mode: 0o600});
}

const APP = () => `sources: { app: { folder: ${home.path('data')} } }\n`;
/** Says secrets of its environment before it fails, as scripts do with `set -x`. */
const LEAKY = () =>
  `sources:
  app: { folder: ${home.path('data')}, before: { shell: 'echo "curl -H Authorization: Bearer $HOOK_TOKEN https://u:$DB_PASSWORD@db/ $AWS_SECRET_ACCESS_KEY" >&2; exit 1' } }
`;
const pings = () => web.asked.map(({path, body}) => `${path.replace(/rid=[0-9a-f-]{36}$/, 'rid=…')} ${body}`);
const runsOf = () => new Set(web.asked.map(({path}) => /rid=([0-9a-f-]{36})$/.exec(path)?.[1]));

test('a backup tells the health check its start and its end, under one run; a rehearsal tells nobody', async () => {
  configure(`${APP()}notify: { healthcheck: "${web.url}/uuid" }`);
  await home.must(['backup', '--dry-run']);
  expect(web.asked).toEqual([]);
  await home.must(['backup']);
  expect(pings()).toEqual(['/uuid/start?rid=… ', '/uuid?rid=… exit code 0']);
  expect(runsOf().size).toBe(1);
});

test('a failed one tells all who want to know, and nobody hears a secret', async () => {
  const mail =
    smtp &&
    `email: { to: ops@example.org, smtp: "smtp://localhost:${smtp['SMTP_PORT']}", user: ${smtp['SMTP_USER']}, password: "\${env:SMTP_PASSWORD}" }`;
  const told = home.path('told');
  mkdirSync(told);
  configure(`${LEAKY()}caFile: ${join(import.meta.dirname, '../fixtures/tls/localhost.cert.pem')}
notify:
  healthcheck: ${web.url}/uuid
  webhook: { url: "${web.url}/services/${WEBHOOK_TOKEN}" }
  command: { run: { shell: "cat > ${told}/fields; env > ${told}/env" } }
  ${mail ?? ''}`);
  const before = smtp && readdirSync(smtp['SMTP_MAILS'] ?? '').length;
  const {code, stdout, stderr} = await home.run(['backup', '--log-format', 'json']);
  expect(code).toBe(1);
  expect(pings().toSorted()).toMatchObject([
    expect.stringMatching(/^\/services/),
    '/uuid/fail?rid=… exit code 1',
    '/uuid/start?rid=… ',
  ]);
  const fields = JSON.parse(readFileSync(join(told, 'fields'), 'utf8')) as Record<string, string>;
  expect(fields).toMatchObject({event: 'failure', exitCode: 1, job: 'backup'});
  expect(fields['details']).toContain('The "before" command of app');
  expect(runsOf()).toContain(fields['run']);
  const heard = [
    ...web.asked.map(({headers, body}) => JSON.stringify({headers, body})),
    JSON.stringify(fields),
    stdout,
    stderr,
  ];
  if (smtp) {
    const folder = smtp['SMTP_MAILS'] ?? '';
    const mails = readdirSync(folder).filter((name) => Number.parseInt(name, 10) >= (before ?? 0));
    const own = mails
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .filter((text) => text.includes(fields['run'] ?? ''));
    expect(own).toHaveLength(1);
    heard.push(...own);
  }
  for (const secret of [...Object.values(CANARIES), WEBHOOK_TOKEN, smtp?.['SMTP_PASSWORD'] ?? 'canary-none'])
    for (const text of heard) expect(text).not.toContain(secret);
  expect(readFileSync(join(told, 'env'), 'utf8')).not.toContain(CANARIES.HOLDFAST_PASSPHRASE);

  // Logs: one JSON document a line, each with its run.
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    {level: 'info', event: 'started', command: 'holdfast backup', run: fields['run']},
    {level: 'error', code: 'SOURCE', exitCode: 1, hint: expect.any(String), run: fields['run']},
    {level: 'info', event: 'ended', exitCode: 1},
  ]);
});

test('that nobody could be told is shown, and changes nothing else', async () => {
  configure(`${APP()}notify:
  healthcheck: ${web.url}/uuid
  webhook: { url: "${web.url}/services/${WEBHOOK_TOKEN}", on: [success] }
  command: { run: /no/such/program, on: [success] }`);
  web.answer = () => 404;
  const {code, stderr, json} = await home.json<{failures: []}>(['backup']);
  expect(code).toBe(0);
  expect(json.failures).toEqual([]);
  expect(stderr).toContain('Warning: notify: webhook was not told');
  expect(stderr).toContain('Warning: notify: healthcheck was not told');
  expect(stderr).toContain('/no/such/program failed: the program is not there.');
  expect(stderr).not.toContain(WEBHOOK_TOKEN);
  expect(stderr).not.toContain('/uuid');
});

test('notify test tries every channel, whatever it is told of, and ends with 13 if one fails', async () => {
  configure(`${APP()}notify:
  webhook: [{ url: "${web.url}/a" }, { url: "${web.url}/b/${WEBHOOK_TOKEN}", on: [drill] }]`);
  web.answer = (path) => (path === '/a' ? 200 : 403);
  const {code, json, stderr} = await home.json<{ok: boolean; channels: {ok: boolean}[]}>(['notify', 'test']);
  expect(code).toBe(13);
  expect(json).toMatchObject({
    ok: false,
    channels: [
      {channel: 'webhook', place: web.url, ok: true, error: null},
      {ok: false, error: {code: 'TARGET', message: `Cannot tell ${web.url}: it answered with 403.`}},
    ],
  });
  expect(JSON.stringify(json) + stderr).not.toContain(WEBHOOK_TOKEN);
  configure(APP());
  expect((await home.run(['notify', 'test'])).code).toBe(2);
});

test('a job that is killed is told by its scheduler, under the same run', async () => {
  configure(`${LEAKY().replace('exit 1', 'kill -9 $PPID')}
schedule: "30 2 * * *"
notify: { healthcheck: "${web.url}/ping/{job}" }`);
  const {code, stderr} = await home.run(['schedule', 'run', 'backup']);
  expect(code).toBe(1);
  expect(stderr).toContain('backup was ended by SIGKILL.');
  expect(pings()).toEqual(['/ping/backup/start?rid=… ', '/ping/backup/fail?rid=… ended by a signal']);
  expect(runsOf().size).toBe(1);
});

test('an address without encryption is warned of, unless it is this machine', () => {
  const warned = (url: string): string => {
    const stderr = new PassThrough({encoding: 'utf8'});
    const output = new Output({
      stdout: process.stdout,
      stderr: stderr as unknown as NodeJS.WriteStream,
      redact: (text) => text,
    });
    const text = `notify: { webhook: { url: "${url}" } }`;
    new Notifier(parseConfig(text, {path: '/etc/holdfast.yaml', env: {}}), {env: {}, output});
    return String(stderr.read() ?? '');
  };
  expect(warned('http://chat.example/T0KEN')).toMatch(
    /webhook at http:\/\/chat\.example is reached without encryption/,
  );
  expect(warned('http://chat.example/T0KEN')).not.toContain('T0KEN');
  expect([warned('https://chat.example/x'), warned('http://127.0.0.1:1/x')]).toEqual(['', '']);
});

test('a prune tells its end, as it was: done, refused, or stopped by damage', async () => {
  configure(`${APP()}notify: { healthcheck: "${web.url}/{job}", webhook: { url: "${web.url}/hook" } }`);
  home.write('data/file', 'more content');
  await home.must(['backup']);
  web.asked.length = 0;
  await home.must(['prune', '--keep-last', '1', '--dry-run']);
  expect(web.asked).toEqual([]);
  await home.must(['prune', '--keep-last', '1', '--yes', '--large']);
  expect(pings()).toEqual(['/prune/start?rid=… ', '/prune?rid=… exit code 0']);
  web.asked.length = 0;
  expect((await home.run(['prune', '--yes'])).code).toBe(2);
  expect(pings().toSorted()).toMatchObject([
    expect.stringMatching(/^\/hook .*Nothing says which snapshots are kept/),
    '/prune/fail?rid=… exit code 2',
    '/prune/start?rid=… ',
  ]);
  web.asked.length = 0;
  home.write('repository/app/marks/20260101T000000Z-00000000.asc', 'no mark');
  expect((await home.run(['prune', '--keep-last', '1', '--yes'])).code).toBe(4);
  expect(pings().toSorted()).toMatchObject([
    expect.stringMatching(/^\/hook .*20260101T000000Z-00000000\.asc/),
    '/prune/fail?rid=… exit code 4',
    '/prune/start?rid=… ',
  ]);
});

test('a configuration that is not valid any more: whoever it names hears of that, if "notify" itself is valid', async () => {
  const wrong = `sources: { app: { foldr: ${home.path('data')} } }\n`;
  const notify = (rest = '') =>
    `notify: { healthcheck: "${web.url}/uuid", webhook: { url: "${web.url}/hook"${rest} } }`;
  const told = () => web.asked.map(({path}) => path.replace(/\?.*$/, ''));
  configure(`${wrong}${notify()}`);
  const run = await home.run(['backup']);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('did you mean `folder`');
  expect(told().sort()).toEqual(['/hook', '/uuid/fail']);
  expect(web.asked.find(({path}) => path === '/hook')?.body).toContain('foldr');

  web.asked.length = 0;
  expect((await home.run(['schedule', 'run', 'backup', '--due', '--quiet'])).code).toBe(2);
  expect(told().sort()).toEqual(['/hook', '/uuid/fail']);
  // The line of cron that looks each hour for what was missed would tell it each hour.
  web.asked.length = 0;
  expect((await home.run(['schedule', 'run', '--due', '--quiet'])).code).toBe(2);
  configure(`${wrong}${notify(', on: [never]')}`);
  expect((await home.run(['backup'])).stderr).toContain('Nobody was told: "notify" in ');
  configure(`${wrong}${notify(', headers: { A: "${env:NOT_SET}" }')}`);
  expect((await home.run(['backup'])).code).toBe(2);
  expect(told()).toEqual([]);
});
