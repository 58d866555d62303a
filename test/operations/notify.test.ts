/** Who hears of a run: real mail, real HTTP on loopback, real programs. */
import {spawn} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {getCACertificates, setDefaultCACertificates} from 'node:tls';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {parseConfig} from '../../src/config/config.ts';
import {channelsOf, notify} from '../../src/operations/notify/notify.ts';
import type {RunReport} from '../../src/operations/notify/report.ts';
import {serverFacts} from '../support/servers.ts';
import {WebListener} from '../support/web-listener.ts';

const HOST = 'app01';
const RUN = '5f0c1f6e-8a3c-4b43-8e62-7a5d3f9a1b11';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-notify-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

let web: WebListener;
beforeEach(async () => {
  web = await WebListener.start();
});
afterEach(() => web[Symbol.asyncDispose]());

const failed: RunReport = {
  phase: 'end',
  run: RUN,
  job: 'backup',
  kind: 'backup',
  host: HOST,
  repository: 's3://backups/app01',
  exitCode: 13,
  started: new Date('2026-11-21T02:30:00Z'),
  finished: new Date('2026-11-21T02:33:20Z'),
  also: [],
  said: ['Error: s3://backups/app01 cannot be reached. Hint: Check the network.'],
};
const well: RunReport = {...failed, exitCode: 0, said: []};

/** @param yaml what stands in `notify` */
async function tell(
  yaml: string,
  report: RunReport,
  options: {patienceMs?: number; longestMs?: number} = {},
) {
  const text = `notify:\n${yaml.replaceAll(/^/gm, '  ')}\n`;
  const config = parseConfig(text, {path: '/etc/holdfast/holdfast.yaml', env: {}});
  const told = await notify(channelsOf(config.notify, HOST), report, {
    patienceMs: 5000,
    longestMs: 20_000,
    ...options,
  });
  return told.map(({channel, error}) => (error === undefined ? channel : `${channel}: ${error.message}`));
}

describe('a health check', () => {
  const pings = () => web.asked.map(({method, path, body}) => `${method} ${path} ${body}`);

  test('is asked for at the start, the good and the bad end, with run and exit code, and no more', async () => {
    for (const report of [
      {...well, phase: 'start' as const, exitCode: null},
      well,
      {...well, exitCode: 3, said: ['Warning: /etc/shadow: permission denied']},
      failed,
      {...failed, exitCode: null},
    ])
      expect(await tell(`healthcheck: ${web.url}/uuid`, report)).toEqual(['healthcheck']);
    expect(pings()).toEqual([
      `POST /uuid/start?rid=${RUN} `,
      `POST /uuid?rid=${RUN} exit code 0`,
      `POST /uuid?rid=${RUN} exit code 3`,
      `POST /uuid/fail?rid=${RUN} exit code 13`,
      `POST /uuid/fail?rid=${RUN} ended by a signal`,
    ]);
  });

  test('is of backups alone, unless its address names the job', async () => {
    const verify = {...well, job: 'verify', kind: 'verify'};
    expect(await tell(`healthcheck: ${web.url}/uuid`, verify)).toEqual([]);
    expect(await tell(`healthcheck: "${web.url}/ping/key/{job}?create=1"`, verify)).toEqual(['healthcheck']);
    expect(pings()).toEqual([`POST /ping/key/verify?create=1&rid=${RUN} exit code 0`]);
  });
});

describe('a webhook', () => {
  test('gets all fields as JSON, of what is bad only', async () => {
    const yaml = `webhook: { url: "${web.url}/hook" }`;
    expect(await tell(yaml, well)).toEqual([]);
    expect(await tell(yaml, failed)).toEqual(['webhook']);
    expect(web.asked).toMatchObject([
      {method: 'POST', path: '/hook', headers: {'content-type': 'application/json'}},
    ]);
    expect(JSON.parse(web.asked[0]?.body ?? '')).toMatchObject({
      event: 'failure',
      events: 'failure',
      title: 'FAILED: backup on app01 (exit code 13)',
      summary: expect.stringContaining('cannot be reached'),
      host: HOST,
      job: 'backup',
      run: RUN,
      exitCode: 13,
      seconds: 200,
      started: '2026-11-21T02:30:00.000Z',
      repository: 's3://backups/app01',
    });
  });

  test('has templates: for Slack, Teams and ntfy, say', async () => {
    const hostile = {...failed, said: ['Error: "quotes", \\ and\nlines "}']};
    await tell(
      `webhook:
  - { url: "${web.url}/slack", body: { text: "*{title}* {summary}", code: "{exitCode}", more: [{ t: "{details}" }] } }
  - { url: "${web.url}/ntfy", headers: { Title: "{details} é", Priority: high, Authorization: "Bearer t0ken" }, body: "{summary}" }
  - { url: "${web.url}/get/{job}?run={run}&unknown={what}", method: GET }`,
      hostile,
    );
    const [slack, ntfy, get] = ['/slack', '/ntfy', '/get'].map((path) =>
      web.asked.find((asked) => asked.path.startsWith(path)),
    );
    expect(JSON.parse(slack?.body ?? '')).toEqual({
      text: expect.stringMatching(/^\*FAILED: backup on app01 \(exit code 13\)\* FAILED.*"quotes", \\ and$/),
      code: 13,
      more: [{t: expect.stringContaining('and\nlines "}')}],
    });
    expect(ntfy?.body).toContain('"quotes"');
    expect(ntfy?.headers).toMatchObject({
      priority: 'high',
      authorization: 'Bearer t0ken',
      title: expect.stringMatching(/^=\?UTF-8\?B\?/),
    });
    expect(get).toMatchObject({method: 'GET', path: `/get/backup?run=${RUN}&unknown={what}`, body: ''});
  });

  test('is tried again where that may help, and what it then says shows no address', async () => {
    const secret = `webhook: { url: "${web.url}/services/T0KEN" }`;
    const answers = [503, 429, 200];
    web.answer = () => answers.shift() ?? 200;
    expect(await tell(secret, failed)).toEqual(['webhook']);
    expect(web.asked).toHaveLength(3);
    web.answer = () => 404;
    expect(await tell(secret, failed)).toEqual([`webhook: Cannot tell ${web.url}: it answered with 404.`]);
    web.answer = () => 302;
    const [moved] = await tell(secret, failed);
    expect(moved).toContain('leads elsewhere');
    expect(web.asked).toHaveLength(5);
    web.answer = () => 500;
    const [given] = await tell(secret, failed, {patienceMs: 400});
    expect(given).toMatch(/it answered with 500\. It was tried \d+ times/);
    expect(given).not.toContain('T0KEN');
  });

  test('that does not answer is given up', async () => {
    await using silent = await WebListener.start();
    silent.answer = () => 500;
    const [told] = await tell(`webhook: { url: "${silent.url}" }`, failed, {
      patienceMs: 60_000,
      longestMs: 500,
    });
    expect(told).toMatch(/took longer than 0\.5 s/);
  });
});

describe('which events', () => {
  const seen = async (on: string, report: RunReport) =>
    (await tell(`webhook: { url: "${web.url}", on: [${on}] }`, report)).length === 1;

  test('a run is one of success, warning and failure; suspect, stale and drill come beside', async () => {
    const warned = {...failed, exitCode: 3};
    const suspect = {...warned, also: ['suspect' as const]};
    const stale = {...failed, also: ['stale' as const]};
    const drill = {...well, kind: 'drill', job: 'drill-weekly'};
    expect([await seen('success', well), await seen('failure', well)]).toEqual([true, false]);
    expect([await seen('warning', warned), await seen('failure', warned)]).toEqual([true, false]);
    expect([await seen('suspect', suspect), await seen('suspect', warned)]).toEqual([true, false]);
    expect([await seen('stale', stale), await seen('failure', stale)]).toEqual([true, false]);
    expect([await seen('drill', drill), await seen('drill', well)]).toEqual([true, false]);
    const titles = web.asked.map(({body}) => (JSON.parse(body) as {title: string}).title);
    expect(titles).toEqual([
      'OK: backup on app01',
      'WARNING: backup on app01 (exit code 3)',
      'SUSPECT: backup on app01 (exit code 3)',
      'STALE: no good backup on app01 for over two of its periods',
      'OK: drill-weekly on app01',
    ]);
  });
});

describe('programs', () => {
  test('get the fields as JSON on standard input, and the short ones in their environment', async () => {
    const file = join(folder, 'told');
    const yaml = `command: { run: { shell: 'cat > ${file}; echo "$HOLDFAST_EVENT $HOLDFAST_EXIT_CODE $HOLDFAST_TITLE" >> ${file}' } }`;
    expect(await tell(yaml, failed)).toEqual(['command']);
    const [json = '', line] = readFileSync(file, 'utf8').split('\n');
    expect(JSON.parse(json)).toMatchObject({event: 'failure', run: RUN});
    expect(line).toBe('failure 13 FAILED: backup on app01 (exit code 13)');
  });

  test('that fail are named with what they said', async () => {
    const told = await tell(
      'command: [{ run: { shell: "echo no pager >&2; exit 7" } }, { run: /no/such }]',
      failed,
    );
    expect(told).toEqual([
      'command: /bin/sh failed: exit code 7 (no pager).',
      'command: /no/such failed: the program is not there.',
    ]);
  });

  test('syslog gets one line with its priority', async () => {
    const socket = join(folder, 'log');
    const listen =
      'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("ready",flush=True)\nprint(s.recv(65536).decode(),flush=True)';
    const listener = spawn('python3', ['-c', listen, socket], {stdio: ['ignore', 'pipe', 'inherit']});
    const lines = createInterface({input: listener.stdout})[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    expect(await tell(`syslog: { socket: ${socket}, tag: vault }`, failed)).toEqual(['syslog']);
    // 27 is daemon.err.
    expect((await lines.next()).value).toMatch(
      /^<27>.* vault\[\d+\]: FAILED: backup on app01 \(exit code 13\).*run=5f0c/,
    );
    expect((await tell(`syslog: { socket: ${folder}/nobody }`, failed))[0]).toContain('logger failed');
  });
});

const smtp = serverFacts('notifications by mail', 'smtp');

describe.runIf(smtp)('mail', () => {
  const {SMTP_PORT, SMTP_USER, SMTP_PASSWORD, SMTP_MAILS = ''} = smtp ?? {};
  const authorities = getCACertificates('default');
  beforeAll(() =>
    setDefaultCACertificates([
      ...authorities,
      readFileSync(join(import.meta.dirname, '../fixtures/tls/localhost.cert.pem'), 'utf8'),
    ]),
  );
  afterAll(() => setDefaultCACertificates(authorities));
  const login = `user: ${SMTP_USER}, password: "${SMTP_PASSWORD}"`;
  const yaml = (to: string, more = login) =>
    `email: { to: ${to}, smtp: "smtp://localhost:${SMTP_PORT}", ${more} }`;
  const mails = () =>
    readdirSync(SMTP_MAILS)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((name) => readFileSync(join(SMTP_MAILS, name), 'utf8'));

  test('goes out over TLS, with a subject that says it all', async () => {
    expect(await tell(yaml('[ops@example.org, boss@example.org]'), failed)).toEqual(['email']);
    const mail = mails().at(-1) ?? '';
    const [envelope = ''] = mail.split('\n');
    expect(JSON.parse(envelope)).toEqual({
      from: 'holdfast@app01',
      to: ['ops@example.org', 'boss@example.org'],
      tls: true,
      authenticated: true,
    });
    expect(mail).toMatch(/^Subject: FAILED: backup on app01 \(exit code 13\)\r?$/m);
    expect(mail).toMatch(/^Auto-Submitted: auto-generated\r?$/m);
    expect(mail).toContain(`Run: ${RUN}`);
    expect(mail).toContain('Error: s3://backups/app01 cannot be reached.');
    expect(mail).not.toContain(SMTP_PASSWORD);
  });

  test('that is put off is sent again; one that is refused is not', async () => {
    expect(await tell(yaml('later@example.org'), failed)).toEqual(['email']);
    const [refused] = await tell(yaml('refused@example.org'), failed);
    expect(refused).toMatch(/^email: Cannot send mail by smtp:\/\/localhost:\d+: .*no such user/);
    const [partly] = await tell(yaml('[ops@example.org, refused@example.org]'), failed);
    expect(partly).toContain('it refused 1 of 2 addresses');
  });

  test('with a wrong password says so, without it', async () => {
    const [told] = await tell(yaml('ops@example.org', 'user: holdfast, password: hunter2'), failed);
    expect(told).toMatch(/^email: Cannot send mail by .*: 535 /);
    expect(told).not.toContain('hunter2');
  });
});
