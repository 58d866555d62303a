import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {configProblems, parseConfig} from '../../src/config/config.ts';
import {InvalidConfigError} from '../../src/config/problems.ts';
import {configJsonSchema} from '../../src/config/schema.ts';
import {renderConfigTemplate} from '../../src/config/template.ts';

const options = {path: '/etc/holdfast/holdfast.yaml', env: {PLACE: '/srv/my data', TOKEN: 'hunter2'}};
const texts = (text: string): string[] =>
  configProblems(text, options).map((problem) => problem.text.replace('/etc/holdfast/', ''));

describe('a config', () => {
  // J1: programs of databases inherit no variable that a secret may come from, of whichever source.
  test('names the variables that no program of a database gets', () => {
    const text = `sources:
  a: { postgres: { database: x, programs: "\${env:HOME}/bin", password: "\${env:A_SECRET}" } }
  b: { redis: { url: redis://h, password: "\${env:B_SECRET}" } }
  c: { command: "echo $\${env:C_SECRET}" }`;
    const env = {HOME: '/root', A_SECRET: 'a', B_SECRET: 'b', C_SECRET: 'c'};
    const {sources} = parseConfig(text, {path: '/etc/holdfast.yaml', env});
    const hidden = ['A_SECRET', 'B_SECRET'];
    expect(sources.get('a')).toMatchObject({connection: {hidden}});
    expect(sources.get('b')).toMatchObject({hidden});
  });

  test('has defaults, absolute paths, and sources in the order of the file', () => {
    const config = parseConfig(
      `repository: ../backups
recipients: [ops.public.asc, /keys/b.asc]
agent: agent.asc
catalog: /var/lib/holdfast/app01.db
full: 7d
limits: { concurrency: 2, upload: 20MB/s, retryFor: never }
requireTls: true
caFile: ca.pem
trust: { agents: ["0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"] }
sources:
  etc: { folder: /etc }
  app:
    folder: app
    exclude: ["*.tmp", "!keep.tmp"]
    excludeCaches: true
    oneFileSystem: true
    full: never
    tags: [production, "rel:1"]
    allowEmpty: true
    before: systemctl stop "my app" \${env:PLACE}
    after: { shell: "echo \\"$HOME\\" | tee x" }
`,
      options,
    );
    expect(config).toMatchObject({
      file: '/etc/holdfast/holdfast.yaml',
      repository: '/etc/backups',
      recipients: ['/etc/holdfast/ops.public.asc', '/keys/b.asc'],
      agent: '/etc/holdfast/agent.asc',
      catalog: '/var/lib/holdfast/app01.db',
      limits: {
        concurrency: 2,
        uploadBytesPerSecond: 20_000_000,
        downloadBytesPerSecond: undefined,
        retryForMs: Number.POSITIVE_INFINITY,
      },
      requireTls: true,
      lock: undefined,
      caFile: '/etc/holdfast/ca.pem',
      trustedAgents: ['0123456789abcdef0123456789abcdef01234567'],
    });
    expect([...config.sources.keys()]).toEqual(['etc', 'app']);
    expect(config.sources.get('etc')).toEqual({
      kind: 'folder',
      name: 'etc',
      folder: '/etc',
      exclude: [],
      excludeCaches: false,
      oneFileSystem: false,
      before: undefined,
      after: undefined,
      fullAfterMs: 604_800_000,
      tags: [],
      allowEmpty: false,
    });
    expect(config.sources.get('app')).toMatchObject({
      folder: '/etc/holdfast/app',
      exclude: ['*.tmp', '!keep.tmp'],
      fullAfterMs: Number.POSITIVE_INFINITY,
      before: {words: ['systemctl', 'stop', 'my app', '/srv/my data']},
      after: {shell: 'echo "$HOME" | tee x'},
    });
  });

  test('keeps URLs, shares lists by anchors, and fills in the environment', () => {
    const config = parseConfig(
      `repository: file:///srv/b
sources:
  a: { folder: "\${env:PLACE}/x", exclude: &common ["*.tmp", "$\${env:PLACE}"], after: ["\${env:PLACE}"] }
  b: { folder: /b, exclude: *common }
`,
      options,
    );
    expect(config.repository).toBe('file:///srv/b');
    expect(config.limits.concurrency).toBe(2);
    expect(config.sources.get('a')).toMatchObject({
      folder: '/srv/my data/x',
      after: {words: ['/srv/my data']},
    });
    expect(config.sources.get('b')).toMatchObject({exclude: ['*.tmp', '${env:PLACE}']});
  });

  test('has commands as sources, whose output is backed up', () => {
    const {sources} = parseConfig(
      `sources:
  roles: { command: "pg_dumpall --globals-only", name: roles.sql, end: "dump complete", timeout: 90m }
  load: { command: { shell: "uptime | tee x" } }
`,
      options,
    );
    expect(sources.get('roles')).toEqual({
      kind: 'command',
      name: 'roles',
      command: {words: ['pg_dumpall', '--globals-only']},
      file: 'roles.sql',
      end: 'dump complete',
      timeoutMs: 5_400_000,
      cacheBytes: 0,
      before: undefined,
      after: undefined,
      fullAfterMs: 30 * 86_400_000,
      tags: [],
      allowEmpty: false,
    });
    expect(sources.get('load')).toMatchObject({
      file: 'load',
      command: {shell: 'uptime | tee x'},
      timeoutMs: undefined,
    });
  });

  test('keeps the last version of databases, and of other streams where that is asked for', () => {
    const {sources} = parseConfig(
      `sources:
  shop: { postgres: { database: shop } }
  web: { mysql: { database: web }, cache: 0B }
  ldap: { command: slapcat, cache: 500MB }
`,
      options,
    );
    expect([...sources.values()].map((source) => 'cacheBytes' in source && source.cacheBytes)).toEqual([
      2e9, 0, 5e8,
    ]);
  });

  test('may have a BOM, CRLF, and no sources yet', () => {
    const config = parseConfig('\ufeffrepository: /b\r\nsources:\r\n', options);
    expect(config).toMatchObject({
      repository: '/b',
      recipients: [],
      sources: new Map(),
      trustedAgents: undefined,
    });
  });
});

test('a bomb of aliases is refused at once', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
    lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join()}]`);
  }
  const started = performance.now();
  expect(texts(lines.join('\n'))).toEqual(['The file repeats too much by aliases at holdfast.yaml:1:1.']);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('a very large mapping takes no minutes', () => {
  const text = Array.from({length: 60_000}, (_, index) => `k${index}: 1`).join('\n');
  const started = performance.now();
  expect(texts(text).length).toBeGreaterThan(0);
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('all problems are listed, in the order of the file', () => {
  const text = 'full: 30x\nsources:\n  app: { folder: /x, exlude: [] }\nschedule: x\n';
  expect(configProblems(text, options)).toMatchObject([
    {path: 'full', line: 1, column: 7},
    {
      path: 'sources.app.exlude',
      line: 3,
      column: 22,
      message: 'Unknown key `exlude`; did you mean `exclude`?',
    },
    {path: 'schedule', line: 4, column: 11},
  ]);
  expect(() => parseConfig(text, options)).toThrow(
    /^\/etc\/holdfast\/holdfast\.yaml has 3 problems:\n {2}`full`/,
  );
});

test('a value from the environment is in no message', () => {
  const places = [
    'repository',
    'full',
    'sources: {app: {folder: /x, before',
    'sources: {app: {folder: /x, tags',
  ];
  for (const place of places) {
    const end = place.startsWith('sources') ? '}}' : '';
    expect(JSON.stringify(configProblems(`${place}: ["\${env:TOKEN}"]${end}`, options))).not.toContain(
      'hunter2',
    );
    expect(JSON.stringify(configProblems(`${place}: "\${env:TOKEN}"${end}`, options))).not.toContain(
      'hunter2',
    );
  }
});

test('the parser throws nothing but InvalidConfigError', () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '/x',
      '1d',
      'never',
      '${env:TOKEN}',
      '${env:NO}',
      '&a',
      '*a',
      '<<',
      '!!js',
      '"',
      "'a",
      '\t',
      'null',
      '~',
      '5',
    ),
  );
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'sources',
      'app',
      'folder',
      'before',
      'full',
      'limits',
      'trust',
      '__proto__',
      'recipients',
    ),
  );
  const line = fc
    .tuple(fc.nat({max: 6}), key, scalar)
    .map(([indent, key, value]) => `${' '.repeat(indent)}${key}: ${value}`);
  const yaml = fc.oneof(
    fc.string({unit: 'binary'}),
    fc.array(line).map((lines) => lines.join('\n')),
    fc.json(),
  );
  fc.assert(
    fc.property(yaml, (text) => {
      try {
        parseConfig(text, options);
        expect(configProblems(text, options)).toEqual([]);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidConfigError);
        const lines = text.split(/\r\n?|\n/).length;
        for (const problem of (error as InvalidConfigError).problems) {
          expect(problem.line).toBeGreaterThan(0);
          expect(problem.line).toBeLessThanOrEqual(lines + 1);
          expect(problem.column).toBeGreaterThan(0);
        }
      }
    }),
    {numRuns: 2000},
  );
});

describe('the template', () => {
  const values = {
    repository: 'file:///srv/b',
    repositoryId: '12345678'.repeat(4), // As a number it would be another one.
    recipients: ['/k/ops.public.asc', '/k/b.asc'],
    agent: '/var/lib/holdfast/agent.asc',
    catalog: '/var/lib/holdfast/x.db',
  };

  test('is valid as it stands and says what it was given', () => {
    expect(parseConfig(renderConfigTemplate(values), options)).toMatchObject({...values, sources: new Map()});
  });

  test('is valid with its examples, too', () => {
    const text = renderConfigTemplate(values).replaceAll(/^# (?= +\w+:|sources:|trust:)/gm, '');
    const config = parseConfig(text, options);
    expect([...config.sources.keys()]).toEqual(['etc', 'app']);
    expect(config.sources.get('app')?.after?.shell).toContain('||');
    expect(config.trustedAgents).toHaveLength(1);
  });

  test('carries any path', () => {
    const path = fc
      .string({unit: 'grapheme', minLength: 1})
      .map((name) => `/${name.replaceAll(/[\0/]/g, '_')}`);
    const tricky = fc.constantFrom(
      '/${env:TOKEN}',
      '/$${secret:a}',
      '/a\n# b',
      '/\u2028"\\',
      '/\ufeff\u007f: x',
    );
    fc.assert(
      fc.property(fc.oneof(path, tricky), (agent) => {
        fc.pre(!/\/\.{1,2}$/.test(agent));
        expect(parseConfig(renderConfigTemplate({...values, agent}), options).agent).toBe(agent);
      }),
    );
  });
});

test('a lock has a mode and a length', () => {
  const {lock} = parseConfig('{ repository: "s3://b/x", lock: { mode: compliance, for: 90d } }', {
    path: '/x',
    env: {},
  });
  expect(lock).toEqual({mode: 'compliance', forMs: 90 * 86_400_000});
});

test('has times and time zones for what runs by itself, and those who are told', () => {
  const {schedule, sources, notify} = parseConfig(
    `schedule: {backup: "30 2 * * *", verify: "0 5 * * 0", replicate: {cron: "0 6 * * *", to: offsite}, jitter: 10m}
timezone: Europe/Athens
sources:
  app: {folder: /x, schedule: "0 * * * *", timezone: UTC}
  cold: {folder: /y, schedule: never}
notify:
  healthcheck: https://hc.example/uuid
  email: {to: ops@example.org, smtp: smtp://mail.example.org, on: [failure, warning]}
  webhook: [{url: https://a.example/x}, {url: https://b.example/y, on: [drill], body: {text: "{summary}"}}]
  command: {run: ["page", "ops"]}
  syslog: true
`,
    options,
  );
  expect(schedule).toEqual({
    timeZone: 'Europe/Athens',
    jitterMs: 600_000,
    backup: '30 2 * * *',
    prune: undefined,
    verify: {cron: '0 5 * * 0', level: 'ciphertext', sample: undefined, storeChecksums: false},
    replicate: {cron: '0 6 * * *', to: 'offsite'},
  });
  expect(sources.get('app')).toMatchObject({schedule: '0 * * * *', timeZone: 'UTC'});
  expect(sources.get('cold')).toMatchObject({schedule: 'never'});
  expect(notify.healthcheck?.reveal()).toBe('https://hc.example/uuid');
  expect(notify.emails).toMatchObject([{to: ['ops@example.org'], on: ['failure', 'warning']}]);
  expect(notify.webhooks).toMatchObject([
    {method: 'POST', body: undefined, on: ['failure', 'warning', 'suspect', 'stale']},
    {body: {text: '{summary}'}, on: ['drill']},
  ]);
  expect(notify.programs).toMatchObject([{command: {words: ['page', 'ops']}}]);
  expect(notify.syslog).toMatchObject({socket: '/dev/log', tag: 'holdfast'});
  expect(JSON.stringify(notify)).not.toContain('uuid');
});

test('the JSON Schema names every key and allows no other', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema())) as {
    properties: Record<string, unknown>;
    additionalProperties: unknown;
  };
  expect(Object.keys(schema.properties)).toEqual([
    'repository',
    'repositories',
    'repositoryId',
    'recipients',
    'agent',
    'catalog',
    'sources',
    'drills',
    'full',
    'selfCheck',
    'schedule',
    'timezone',
    'retention',
    'limits',
    'notify',
    'plan',
    'requireTls',
    'lock',
    'caFile',
    'trust',
  ]);
  expect(schema.additionalProperties).toBe(false);
  expect(JSON.stringify(schema)).toContain('excludeCaches');
});
