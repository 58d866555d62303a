import {expect, test} from 'vitest';
import {configProblems, parseConfig} from '../../src/config/config.ts';
import {InvalidConfigError} from '../../src/config/problems.ts';

const options = {path: '/etc/holdfast/holdfast.yaml', env: {PLACE: '/srv/my data', TOKEN: 'hunter2'}};
const texts = (text: string): string[] =>
  configProblems(text, options).map((problem) => problem.text.replace('/etc/holdfast/', ''));

const source = (text: string): string => `sources: { app: { folder: /x, ${text} } }`;

const MISALIGNED = 'A line is indented differently from those that it belongs to';
const ALIGN = 'begin keys of the same mapping in the same column.';

const refusals: [text: string, problem: string][] = [
  ['', 'The file is empty at holdfast.yaml:1:1; remove it and run "holdfast init" to have one written.'],
  [
    '# nothing\n',
    'The file is empty at holdfast.yaml:1:1; remove it and run "holdfast init" to have one written.',
  ],
  ['- a', 'The file must be a mapping, not a list at holdfast.yaml:1:1.'],
  ['hello', 'The file must be a mapping, not text at holdfast.yaml:1:1.'],
  ['full: 30d\nrecipents: [a]', 'Unknown key `recipents` at holdfast.yaml:2:1; did you mean `recipients`?'],
  [
    'sources:\n  app:\n    folder: /x\n    exlude: [a]',
    'Unknown key `exlude` at holdfast.yaml:4:5; did you mean `exclude`?',
  ],
  ['zzzz: 1', 'Unknown key `zzzz` at holdfast.yaml:1:1.'],
  [
    source('recipients: []'),
    'Unknown key `recipients` at holdfast.yaml:1:31; it belongs to the top of the file.',
  ],
  ['__proto__: {}', 'Unknown key `__proto__` at holdfast.yaml:1:1.'],
  ['sources: { __proto__: { folder: /x } }', 'Unknown key `__proto__` at holdfast.yaml:1:12.'],
  [
    'sources: { constructor: 1 }',
    '`sources.constructor` does not say what to back up at holdfast.yaml:1:25; write { folder: /etc }.',
  ],
  [
    'schedule: "30 2 * *"',
    '`schedule`: `30 2 * *` is no time of cron at holdfast.yaml:1:11; write five fields: minute, hour, day of the month, month, day of the week, such as "0 5 * * 0".',
  ],
  [
    'schedule: { backup: "61 2 * * *" }',
    '`schedule.backup`: `61` is no minute of cron at holdfast.yaml:1:21; write 0 to 59, or *.',
  ],
  ['schedule: { bakcup: "1 2 * * *" }', 'Unknown key `bakcup` at holdfast.yaml:1:13; did you mean `backup`?'],
  [
    'schedule: { verify: { cron: "1 2 * * *", level: content } }',
    '`schedule.verify.level` is neither `structure` nor `ciphertext` at holdfast.yaml:1:49.',
  ],
  [
    'schedule: [x]',
    '`schedule` is no schedule at holdfast.yaml:1:11; write "30 2 * * *", or { backup: "30 2 * * *", … }.',
  ],
  [
    'timezone: Mars/Base',
    '`timezone`: `Mars/Base` is no time zone at holdfast.yaml:1:11; write its name, such as Europe/Athens or UTC.',
  ],
  ['notify: { mail: x }', 'Unknown key `mail` at holdfast.yaml:1:11; did you mean `email`?'],
  [
    'notify: { healthcheck: hc.example }',
    '`notify.healthcheck` must be an address like https://hc.example/… at holdfast.yaml:1:24.',
  ],
  [
    'notify: { email: { to: a@b, smtp: "smtp://u:hunter2@x" } }',
    '`notify.email.smtp` must not hold credentials at holdfast.yaml:1:35; write them as `user` and `password`.',
  ],
  [
    'notify: { webhook: [ { url: "https://x", on: [failed] } ] }',
    '`notify.webhook.0.on.0` is none of `success`, `warning`, `failure`, `suspect`, `stale`, `drill` at holdfast.yaml:1:47.',
  ],
  // I2: no policy, one that keeps nothing, and one with a slip are errors, never "remove everything".
  [
    'retention: {}',
    '`retention` keeps nothing at holdfast.yaml:1:12; name at least one of `last`, `daily`, `within` and their like.',
  ],
  [
    'retention: { within: never }',
    '`retention` keeps nothing at holdfast.yaml:1:12; name at least one of `last`, `daily`, `within` and their like.',
  ],
  ['retention:', '`retention` has no value at holdfast.yaml:1:1.'],
  ['retention: { last: 0 }', '`retention.last` must be at least 1 at holdfast.yaml:1:20.'],
  ['retention: { daily: -1 }', '`retention.daily` must be at least 1 at holdfast.yaml:1:21.'],
  ['retention: { last: all }', '`retention.last` must be a number, not text at holdfast.yaml:1:20.'],
  ['retention: { keep: 3 }', 'Unknown key `keep` at holdfast.yaml:1:14.'],
  ['retention: { dayly: 3 }', 'Unknown key `dayly` at holdfast.yaml:1:14; did you mean `daily`?'],
  [
    'retention: { within: 14 }',
    '`retention.within` must be text, not a number at holdfast.yaml:1:22; put it in quotes.',
  ],
  [
    source('retention: { last: 0 }'),
    '`sources.app.retention.last` must be at least 1 at holdfast.yaml:1:50.',
  ],
  ['drills: { d: {} }', '`drills.d` needs `source` or `group`, and not both at holdfast.yaml:1:14.'],
  [
    'drills: { d: { source: a, sorce: b } }',
    'Unknown key `sorce` at holdfast.yaml:1:27; did you mean `source`?',
  ],
  [
    'drills: { d: { source: a, sample: 5 } }',
    '`drills.d.sample` must be text, not a number at holdfast.yaml:1:35; put it in quotes.',
  ],
  [
    'drills: { d: { source: a, checks: [ { sql: x } ] } }',
    '`drills.d.checks.0` needs one of `equals`, `atLeast`, `atMost`, `sameAsWitness`, `maxAge` at holdfast.yaml:1:37.',
  ],
  ['limits: { repository: 0GB }', '`limits.repository` must be more than nothing at holdfast.yaml:1:23.'],
  ...['20MB', '0B/s', 'fast', '20 MB / s'].map((rate): [string, string] => [
    `limits: { upload: ${rate} }`,
    `\`limits.upload\`: \`${rate}\` is not a rate at holdfast.yaml:1:19; write a size and /s, such as 20MB/s or 512KiB/s.`,
  ]),
  [
    'sources: { o: { mongodb: { uri: x } } }',
    '`sources.o.mongodb.uri` must be an address like mongodb://127.0.0.1:27017 at holdfast.yaml:1:33.',
  ],
  [
    'sources: { o: { command: pg_dumpall, folder: /x } }',
    '`sources.o` is of two kinds, `command` and `folder` at holdfast.yaml:1:15; write two sources.',
  ],
  [
    'sources: { o: { postgres: { database: a, hots: x } } }',
    'Unknown key `hots` at holdfast.yaml:1:42; did you mean `host`?',
  ],
  [
    'sources: { o: { postgres: { database: a, jobs: 4 } } }',
    '`sources.o.postgres.jobs` is only for `format: directory` at holdfast.yaml:1:48.',
  ],
  [
    'sources: { o: { postgres: { user: x } } }',
    '`sources.o.postgres` needs `database` or `databases`, and not both at holdfast.yaml:1:27.',
  ],
  [
    'sources: { o: { command: pg_dumpall, nam: x } }',
    'Unknown key `nam` at holdfast.yaml:1:38; did you mean `name`?',
  ],
  [
    'sources: { o: { command: pg_dumpall, name: a/b } }',
    '`sources.o.name` must be the name of a file, without `/` at holdfast.yaml:1:44.',
  ],
  [
    source('schedule: "* * * * 9"'),
    '`sources.app.schedule`: `9` is no day of the week of cron at holdfast.yaml:1:41; write 0 to 7, or *.',
  ],
  [
    '{ repository: /srv/b, repositories: { main: /srv/b } }',
    '`repositories` stands beside `repository` at holdfast.yaml:1:37; name each place in one of them.',
  ],
  [
    '{ repositories: { main: /srv/b, off: /srv/c }, sources: { a: { folder: /a, repository: of } } }',
    '`sources.a.repository` names `of`, which is not one of `repositories` at holdfast.yaml:1:88.',
  ],
  [
    'lock: { mode: soft, for: 90d }',
    '`lock.mode` is neither `governance` nor `compliance` at holdfast.yaml:1:15.',
  ],
  [
    '{ repository: /srv/b, lock: { mode: governance, for: 1d } }',
    '`lock` needs a repository on s3:// at holdfast.yaml:1:29; other storage cannot lock objects.',
  ],
  [
    'lock: { mode: governance, for: never }',
    '`lock.for`: `never` is not a duration at holdfast.yaml:1:32; write a number and a unit: s, m, h, d, w or y, such as 90m or 30d.',
  ],
  [
    'repository: s3://id:key@bucket/x',
    '`repository` must not hold credentials at holdfast.yaml:1:13; set AWS_ACCESS_KEY_ID, or AWS_PROFILE.',
  ],
  [
    'repository: file://srv/b',
    '`repository` needs three slashes at holdfast.yaml:1:13; write it like file:///srv/backups/app01.',
  ],
  [
    'repository: sftp:me@host:/b',
    '`repository` is no place that Holdfast knows at holdfast.yaml:1:13; write a path, or file:///srv/backups/app01.',
  ],
  [
    'repositoryId: "ABC"',
    '`repositoryId` must be the id of a repository: 32 hexadecimal digits at holdfast.yaml:1:15; quote it, and copy it from holdfast.json or from what init printed.',
  ],
  [
    'repository: ~/b',
    '`repository` uses `~`, which is not expanded here at holdfast.yaml:1:13; write the whole path.',
  ],
  ['repository: ""', '`repository` must not be empty at holdfast.yaml:1:13.'],
  ['repository:', '`repository` has no value at holdfast.yaml:1:1.'],
  ['catalog: 5', '`catalog` must be text, not a number at holdfast.yaml:1:10; put it in quotes.'],
  ['recipients: a.asc', '`recipients` must be a list, not text at holdfast.yaml:1:13; write it in [ ].'],
  ['recipients: []', '`recipients` must not be an empty list at holdfast.yaml:1:13.'],
  ['sources: [a]', '`sources` must be a mapping, not a list at holdfast.yaml:1:10.'],
  [
    'sources: { App: { folder: /x } }',
    '`sources.App` cannot name a source at holdfast.yaml:1:12; use up to 63 of a-z, 0-9, ".", "_" and "-", starting with a letter or digit.',
  ],
  [
    'sources: { agents: { folder: /x } }',
    '`sources.agents` is reserved at holdfast.yaml:1:12; the repository keeps something else under that name.',
  ],
  [
    'sources:\n  app:\n  etc: { folder: /etc }',
    '`sources.app` does not say what to back up at holdfast.yaml:2:3; write { folder: /etc }.',
  ],
  ['sources: { a: {} }', '`sources.a.folder` is missing at holdfast.yaml:1:15.'],
  [
    source('oneFileSystem: yes'),
    '`sources.app.oneFileSystem` must be true or false, not text at holdfast.yaml:1:46; write true.',
  ],
  [
    source('tags: [2024]'),
    '`sources.app.tags.0` must be text, not a number at holdfast.yaml:1:38; put it in quotes.',
  ],
  [
    source('tags: ["a b"]'),
    '`sources.app.tags.0` is not a tag at holdfast.yaml:1:38; use up to 64 letters, digits and . _ : = @ / + -, starting with a letter or digit.',
  ],
  [
    source('before: a && b'),
    '`sources.app.before` uses `&`, which only a shell understands at holdfast.yaml:1:39; quote it, or ask for a shell: { shell: "…" }.',
  ],
  [
    source('before: "A=1 b"'),
    '`sources.app.before` starts with an assignment, which only a shell understands at holdfast.yaml:1:39; ask for a shell: { shell: "…" }.',
  ],
  [source('before: "\'a"'), "`sources.app.before` has a ' without its partner at holdfast.yaml:1:39."],
  [source('before: " "'), '`sources.app.before` names no command at holdfast.yaml:1:39.'],
  [
    source('after: []'),
    '`sources.app.after` is no command at holdfast.yaml:1:38; write text, a list of words, or { shell: "…" }.',
  ],
  [
    source('after: { shell: "x ${env:TOKEN}" }'),
    'A shell reads the environment itself at holdfast.yaml:1:47; write "$NAME" instead of ${env:NAME}.',
  ],
  ['full: 30', '`full` must be text, not a number at holdfast.yaml:1:7; put it in quotes.'],
  [
    'full: 30x',
    '`full`: `30x` is not a duration at holdfast.yaml:1:7; write a number and a unit: s, m, h, d, w or y, such as 90m or 30d.',
  ],
  ['full: 0d', '`full` must be longer than nothing at holdfast.yaml:1:7; write `never` for no limit.'],
  [
    'full: "${env:TOKEN}"',
    '`full`: its value is not a duration at holdfast.yaml:1:7; write a number and a unit: s, m, h, d, w or y, such as 90m or 30d.',
  ],
  ['full: "${env:NOPE}"', 'The environment variable `NOPE` is not set at holdfast.yaml:1:7.'],
  ['full: "${env:a-b}"', '`${env:a-b}` names no environment variable at holdfast.yaml:1:7.'],
  [
    'catalog: ${secret:x}',
    'References to the credentials store are not supported by this version yet at holdfast.yaml:1:10; use `${env:NAME}`.',
  ],
  ['limits: { concurrency: 0 }', '`limits.concurrency` must be at least 1 at holdfast.yaml:1:24.'],
  ['limits: { concurrency: 65 }', '`limits.concurrency` must be at most 64 at holdfast.yaml:1:24.'],
  [
    'limits: { concurrency: 1.5 }',
    '`limits.concurrency` must be a whole number, not a fraction at holdfast.yaml:1:24.',
  ],
  [
    'trust: { agents: [abc] }',
    '`trust.agents.0` must be a fingerprint: 40 or 64 hexadecimal digits at holdfast.yaml:1:19.',
  ],
  ['full: 1d\nfull: 2d', 'The key `full` is given twice at holdfast.yaml:2:1; keep one of them.'],
  ['sources:\n\tapp: 1', 'A tab is used for indentation at holdfast.yaml:2:1; use spaces.'],
  [
    // One slip, one message, where it was made.
    'sources:\n  app:\n\tfolder: /x\n\texclude: [a]\nfull: 1d',
    'A tab is used for indentation at holdfast.yaml:3:1; use spaces.',
  ],
  ['\t# a note\ncatalog: a: b', 'A value contains `: ` at holdfast.yaml:2:10; put it in quotes.'],
  ['sources:\n  app:\n    folder: /x\n   exclude: [a]', `${MISALIGNED} at holdfast.yaml:4:1; ${ALIGN}`],
  ['full: 1d\n  tags: [a]', `${MISALIGNED} at holdfast.yaml:2:1; ${ALIGN}`],
  [' full: 1d\nsources:\n  app: {folder: /x}', `${MISALIGNED} at holdfast.yaml:2:1; ${ALIGN}`],
  [
    'sources:\n  app: {folder: "/x}\nfull: 1d',
    'The quote `"` is not closed at holdfast.yaml:2:17; add `"` where it ends.',
  ],
  ["catalog: 'a\nfull: 1d", "The quote `'` is not closed at holdfast.yaml:1:10; add `'` where it ends."],
  ['tags: [a\nfull: 1d', 'The bracket `[` is not closed at holdfast.yaml:1:7; add `]` where it ends.'],
  [
    'sources: {app: {folder: /x}',
    'The bracket `{` is not closed at holdfast.yaml:1:10; add `}` where it ends.',
  ],
  ['catalog:hunter2\nfull: 1d', 'A space is missing after `catalog:` at holdfast.yaml:1:1.'],
  ['sources: {app: {folder:/x}}', 'A space is missing after `folder:` at holdfast.yaml:1:17.'],
  ['tags:\n-hunter2\n- b', 'A space is missing after `-` at holdfast.yaml:2:1.'],
  ['full 1d\ncatalog: x', 'A line is no `key: value` at holdfast.yaml:1:1.'],
  ['catalog: a: b', 'A value contains `: ` at holdfast.yaml:1:10; put it in quotes.'],
  [
    'sources: {app: {folder: /x tags: [a]}}',
    'A comma is missing, or a value contains `: ` at holdfast.yaml:1:25; put commas between the keys, or such a value in quotes.',
  ],
  [
    'full: "1d" hunter2',
    'Something follows after the end of a value at holdfast.yaml:1:12; put the whole value in quotes.',
  ],
  [
    'full: @x',
    'A value begins with a character that means something else in YAML at holdfast.yaml:1:7; put it in quotes.',
  ],
  ['full: *', 'A value begins with `*` at holdfast.yaml:1:7; put it in quotes.'],
  [
    'full: *x',
    'The alias `*x` has no anchor before it at holdfast.yaml:1:7; put it in quotes if it is a pattern.',
  ],
  ['? [a]\n: 1', 'A key must be plain text at holdfast.yaml:1:3.'],
  [
    'full: 1d\n---\nfull: 2d',
    'The file holds several YAML documents at holdfast.yaml:2:1; keep one, without `---`.',
  ],
  ['full: !js 1d', 'Unresolved tag: !js at holdfast.yaml:1:7.'],
  ['['.repeat(50_000), 'The file is nested too deeply at holdfast.yaml:1:1.'],
  ['#'.repeat(2 ** 20 + 1), 'The file is too large for a config at holdfast.yaml:1:1.'],
];
for (const [text, problem] of refusals) {
  test(`refused: ${JSON.stringify(text).slice(0, 70)}`, () => {
    expect(texts(text)).toEqual([problem]);
    expect(() => parseConfig(text, options)).toThrow(InvalidConfigError);
  });
}
