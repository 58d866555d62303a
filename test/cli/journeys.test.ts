/** A user's whole way through the real command line, without a terminal as in cron; every `--json` against CLI.md. */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {z} from 'zod';
import {PROGRAM} from '../support/cli.ts';
import {describeTree, editNastyTree, makeNastyTree, noise} from '../support/trees.ts';
import {Scratch} from './scratch.ts';

const vm = new Scratch();
/** Another machine: nothing but the repository's address and the private key. */
const client = new Scratch();
const repository = vm.path('repo');
const source = vm.path('data');
const LOCKED_KEY = ['--key', client.path('keys/ops.private.asc'), '--passphrase-file', client.path('pass')];
/** A second recipient, without a passphrase: opening the first takes 0.7 s of Argon2, each time. */
const KEY = ['--key', client.path('keys/spare.private.asc')];
const AT = ['--repository', repository];

const id = z.string().regex(/^[0-9a-f]{16}$/);
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const bytes = z.strictObject({source: count, read: count, new: count, stored: count});
const entries = z.strictObject({new: count, changed: count, unchanged: count, removed: count, total: count});
const warnings = z.array(z.strictObject({path: z.string(), problem: z.string()}));
const entry = z.object({
  path: z.string(),
  type: z.enum(['file', 'directory', 'symlink', 'fifo', 'chardevice', 'blockdevice']),
  size: count.nullable(),
  mtime: z.string(),
  mode: z.string().regex(/^[0-7]{4}$/),
});
/** What scripts rely on, as CLI.md has it. */
const SCHEMAS = {
  keygen: z.object({
    fingerprint,
    publicKey: z.string(),
    privateKey: z.string(),
    revocation: z.string(),
    shares: z.array(z.string()),
  }),
  inspect: z.object({
    fingerprint,
    version: z.literal(6),
    algorithm: z.string(),
    private: z.boolean(),
    expires: z.string().nullable(),
    usable: z.boolean(),
    reason: z.string().nullable(),
  }),
  init: z.object({
    repositoryId: z.string().regex(/^[0-9a-f]{32}$/),
    agent: fingerprint,
    config: z.string(),
    catalog: z.string(),
  }),
  backup: z.object({
    snapshots: z.array(
      z.object({
        id: id.nullable(),
        source: z.string(),
        kind: z.enum(['full', 'incremental']),
        generation: z.string(),
        parent: id.nullable(),
        startedAt: z.iso.datetime(),
        seconds: z.number(),
        entries,
        bytes,
        warnings,
      }),
    ),
    failures: z.array(z.unknown()),
    problems: z.array(z.unknown()).length(0),
  }),
  snapshots: z.object({
    snapshots: z.array(
      z.object({
        id,
        source: z.string(),
        kind: z.enum(['full', 'incremental']),
        generation: z.string(),
        time: z.iso.datetime(),
        sequence: count,
        bytes,
        entries,
        tags: z.array(z.string()),
        sealed: z.literal(true),
      }),
    ),
    problems: z.array(z.unknown()).length(0),
  }),
  entries: z.object({entries: z.array(entry)}),
  diff: z.object({added: z.array(entry), removed: z.array(entry), changed: z.array(entry)}),
  restore: z.object({snapshot: id, files: count, bytes: count, seconds: z.number(), warnings}),
  verify: z.object({
    level: z.string(),
    ok: z.literal(true),
    snapshots: count,
    packs: count,
    bytes: count,
    problems: z.array(z.unknown()).length(0),
  }),
  info: z.object({
    path: z.string(),
    snapshots: count,
    blobs: count,
    bytes: count,
    integrity: z.literal('ok'),
  }),
  rebuild: z.object({
    path: z.string(),
    snapshots: count,
    blobs: count,
    bytes: count,
    integrity: z.literal('ok'),
  }),
  check: z.object({
    ok: z.boolean(),
    problems: z.array(z.object({path: z.string(), line: count, message: z.string()})),
    sources: z.array(z.object({source: z.string(), what: z.string()})),
  }),
};

const trees: ReturnType<typeof describeTree>[] = [];
const ids: string[] = [];

/** Runs with `--json`, which must be silent but for its one document, and gives it after a look at its fields. */
async function json<T extends z.ZodType>(schema: T, args: readonly string[], user = vm): Promise<z.infer<T>> {
  const ran = await user.json(args);
  expect(ran, ran.stderr).toMatchObject({code: 0});
  expect(ran.stderr, 'cron mails what is said').not.toMatch(/Error|Warning|%|\r/);
  return schema.parse(ran.json);
}

beforeAll(async () => {
  client.write('pass', 'correct horse battery staple');
  mkdirSync(client.path('keys'));
  mkdirSync(source);
  makeNastyTree(source, {large: false});
  const key = await json(
    SCHEMAS.keygen,
    ['keygen', 'ops', '-o', 'keys', '--passphrase-file', 'pass'],
    client,
  );
  writeFileSync(vm.path('ops.public.asc'), readFileSync(key.publicKey));
  await client.must(['keygen', 'spare', '-o', 'keys', '--no-passphrase']);
  writeFileSync(vm.path('spare.public.asc'), readFileSync(client.path('keys/spare.public.asc')));
  const recipients = ['--recipient', 'ops.public.asc', '--recipient', 'spare.public.asc'];
  const made = await json(SCHEMAS.init, ['init', repository, ...recipients]);
  expect(made).toMatchObject({
    config: vm.path('holdfast.yaml'),
    catalog: expect.stringContaining(vm.path('state')),
  });
  expect((await vm.json(['config', 'check'])).json, 'the template is valid as it stands').toMatchObject({
    ok: true,
  });
  writeFileSync(vm.path('holdfast.yaml'), `sources:\n  docs: {folder: ${source}}\n`, {flag: 'a'});

  for (const step of ['full', 'incremental'] as const) {
    if (step === 'incremental') editNastyTree(source);
    trees.push(describeTree(source));
    const {snapshots} = await json(SCHEMAS.backup, [
      'backup',
      ...(step === 'full' ? [] : ['--tag', 'edited']),
    ]);
    expect(snapshots).toMatchObject([{kind: step, source: 'docs', parent: ids.at(-1) ?? null, warnings: []}]);
    ids.push(String(snapshots[0]?.id));
  }
}, 120_000);
afterAll(() => {
  vm[Symbol.dispose]();
  client[Symbol.dispose]();
});

describe('looking', () => {
  test('keys inspect: the public half serves, the private half says why not', async () => {
    expect(await json(SCHEMAS.inspect, ['keys', 'inspect', 'ops.public.asc'])).toMatchObject({
      private: false,
      usable: true,
      expires: null,
    });
    expect(await json(SCHEMAS.inspect, ['keys', 'inspect', 'keys/ops.private.asc'], client)).toMatchObject({
      private: true,
      usable: false,
      reason: expect.stringContaining('private key'),
    });
  });

  test('snapshots: on the VM, and elsewhere without any key', async () => {
    for (const user of [vm, client]) {
      const {snapshots} = await json(SCHEMAS.snapshots, ['snapshots', ...AT], user).catch(async () =>
        // The first contact is told on stderr, once.
        json(SCHEMAS.snapshots, ['snapshots', ...AT], user),
      );
      expect(snapshots.map(({id: name, kind, sequence, tags}) => [name, kind, sequence, tags])).toEqual([
        [ids[0], 'full', 1, []],
        [ids[1], 'incremental', 2, ['edited']],
      ]);
    }
    expect((await json(SCHEMAS.snapshots, ['snapshots', '--tag', 'edited'])).snapshots).toHaveLength(1);
    const table = (await vm.must(['snapshots'])).stdout.split('\n');
    expect(table[0]).toMatch(/^SNAPSHOT +TIME \(UTC\) +SOURCE +KIND +ENTRIES +SIZE +STORED +TAGS$/);
    expect(table).toHaveLength(4);
  });

  test('ls, find and diff say the same with the catalog and with the key', async () => {
    for (const [user, more] of [
      [vm, []],
      [client, [...AT, ...KEY]],
    ] as const) {
      const listed = await json(SCHEMAS.entries, ['ls', 'latest', '--recursive', ...more], user);
      expect(listed.entries.length).toBe((trees[1]?.length ?? 0) - 1);
      const found = await json(SCHEMAS.entries, ['find', 'file-1*.txt', '--source', 'docs', ...more], user);
      expect(found.entries.map(({path}) => path)).toContain('small/0/file-10.txt');
      const diff = await json(SCHEMAS.diff, ['diff', ids[0] as string, 'latest', ...more], user);
      // What a folder took the place of is removed, and the folder is added.
      const names = (tree: (typeof trees)[number] | undefined) =>
        new Set(tree?.map(({path, type}) => `${type === 'directory'} ${path}`));
      const [was, is] = [names(trees[0]), names(trees[1])];
      expect(diff.added).toHaveLength([...is].filter((path) => !was.has(path)).length);
      expect(diff.removed).toHaveLength([...was].filter((path) => !is.has(path)).length);
      expect(diff.changed.length).toBeGreaterThan(0);
    }
  });

  // D24
  test('names with escapes and newlines cannot touch a terminal, and JSON keeps their bytes', async () => {
    const {stdout} = await vm.must(['ls', 'latest:docs', 'names']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    expect(stdout).toContain('\\x1b[31m');
    expect(stdout).toContain('new\\nline');
    const {bytes: raw, json: listed} = await vm.json<z.infer<typeof SCHEMAS.entries>>([
      'ls',
      'latest',
      'names',
    ]);
    const names = listed.entries.map(({path}) => path);
    expect(names).toContain('names/\u001b[31m');
    expect(raw.includes(0x1b), 'escaped in the document itself').toBe(false);
    const onDisk = trees[1]?.filter(({path}) => /^names\/[^/]+$/.test(path)).length;
    expect(new Set(names).size).toBe(onDisk);
  });

  test('cat gives a file byte by byte', async () => {
    const ran = await client.must(['cat', ids[0] as string, 'content/size-65536', ...AT, ...KEY]);
    expect(ran.bytes.equals(noise(65_536, 'size'))).toBe(true);
    const zeros = await client.must(['cat', 'latest', '/sparse/nothing-but-hole', ...AT, ...KEY]);
    expect(zeros.bytes.equals(Buffer.alloc(statSync(join(source, 'sparse/nothing-but-hole')).size))).toBe(
      true,
    );
  });
});

describe('restore', () => {
  test('the whole of each snapshot, identical in every attribute', async () => {
    for (const [index, name] of ids.entries()) {
      const to = client.path(`whole-${index}`);
      const result = await json(SCHEMAS.restore, ['restore', name, '--to', to, ...AT, ...LOCKED_KEY], client);
      expect(result).toMatchObject({snapshot: name, warnings: []});
      expect(describeTree(to)).toEqual(trees[index]);
    }
    const again = await client.must(['restore', 'latest', '--to', client.path('whole-1'), ...AT, ...KEY]);
    expect(again.stdout).toMatch(/^Nothing to restore: all \d+ entries .* were there already\.$/m);
  });

  test('through a pipe into GNU tar: names, nanoseconds, attributes, owners, holes or zeros', async () => {
    const to = client.path('from-tar');
    mkdirSync(to);
    // tar makes no path beyond PATH_MAX, and for others than root no attribute of a read-only file.
    const exclude = process.geteuid?.() === 0 ? ['long'] : ['long', 'xattrs/read-only'];
    const ran = spawnSync(
      'bash',
      [
        '-o',
        'pipefail',
        '-c',
        `"$@" | tar -xp --xattrs '--xattrs-include=*' --acls --numeric-owner -C "$OUT"`,
        'bash',
        process.execPath,
        PROGRAM,
        'restore',
        'latest',
        ...exclude.flatMap((path) => ['--exclude', `/${path}`]),
        '--tar',
        '-',
        ...AT,
        ...KEY,
      ],
      {
        cwd: client.home,
        encoding: 'utf8',
        env: {PATH: process.env['PATH'], HOME: client.home, XDG_STATE_HOME: client.path('state'), OUT: to},
      },
    );
    expect(ran, ran.stderr).toMatchObject({status: 0});
    expect(ran.stderr).toMatch(/Restored \d+ entries/); // Perhaps in the middle of a line of tar's.
    expect(ran.stderr, 'a line for each of a million files').not.toContain(
      "keyword 'hdrcharset'\n".repeat(20),
    );
    // Holes come as zeros, and the root itself is no member.
    const bare = (list: ReturnType<typeof describeTree> | undefined) =>
      list
        ?.filter(({path}) => path !== '' && !exclude.some((out) => `${path}/`.startsWith(`${out}/`)))
        .map(({sparse: _, ...rest}) => rest);
    expect(bare(describeTree(to))).toEqual(bare(trees[1]));
  });

  test('a part: --include, --exclude, --dry-run', async () => {
    const to = client.path('part');
    const part = ['--include', '/content', '--exclude', 'size-4*', '--to', to, ...AT, ...KEY];
    const dry = await json(SCHEMAS.restore, ['restore', 'latest', '--dry-run', ...part], client);
    expect(existsSync(to), 'a dry run writes nothing').toBe(false);
    const real = await json(SCHEMAS.restore, ['restore', 'latest', ...part], client);
    expect(dry).toMatchObject({files: real.files, bytes: real.bytes});
    expect(readdirSync(to)).toEqual(['content']);
    expect(readdirSync(join(to, 'content')).filter((name) => name.startsWith('size-4'))).toEqual([]);
    expect(readdirSync(join(to, 'content'))).toContain('size-65536');
  });

  test('--overwrite never, changed, always', async () => {
    const to = client.path('over');
    const run = (how: string) =>
      client.json<z.infer<typeof SCHEMAS.restore>>([
        'restore',
        ids[0] as string,
        '--include',
        '/content/twin-a',
        '--to',
        to,
        '--overwrite',
        how,
        ...AT,
        ...KEY,
      ]);
    await run('never');
    const file = join(to, 'content/twin-a');
    writeFileSync(file, 'mine');
    const never = await run('never');
    expect(never.code, 'what differs and is kept is told').toBe(3);
    expect(never.json.warnings).toMatchObject([{path: 'content/twin-a'}]);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    for (const how of ['changed', 'always']) {
      writeFileSync(file, 'mine');
      expect(await run(how)).toMatchObject({code: 0});
      expect(readFileSync(file).equals(noise(100_000, 'twin')), how).toBe(true);
    }
  });

  test('interrupted by Ctrl-C: exit 130, one sentence, and run again it completes', async () => {
    const big = vm.path('big');
    mkdirSync(big);
    for (let i = 0; i < 40; i++) writeFileSync(join(big, `file-${i}`), noise(2 << 20, `big-${i}`));
    writeFileSync(vm.path('holdfast.yaml'), `  big: {folder: ${big}}\n`, {flag: 'a'});
    await vm.must(['backup', 'big']);
    const to = client.path('big');
    const args = [PROGRAM, 'restore', 'latest:big', '--to', to, '--progress', 'json', ...AT, ...KEY];
    const child = spawn(process.execPath, args, {
      cwd: client.home,
      env: {PATH: process.env['PATH'], HOME: client.home, XDG_STATE_HOME: client.path('state')},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    let isSent = false;
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece;
      if (isSent || !stderr.includes('"restore"')) return;
      isSent = true;
      child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(/^Error: Interrupted\.\nHint: Run the same command again/m);
    expect(stderr).not.toMatch(/^\s+at /m);
    for (const name of existsSync(to)
      ? readdirSync(to).filter((entryName) => !entryName.endsWith('.part'))
      : [])
      expect(readFileSync(join(to, name)).equals(readFileSync(join(big, name))), name).toBe(true);
    await client.must(['restore', 'latest:big', '--to', to, ...AT, ...KEY]);
    expect(describeTree(to)).toEqual(describeTree(big));
  });
});

describe('checking', () => {
  test('verify at each level, on the VM without a key and on the client with it', async () => {
    for (const level of ['structure', 'ciphertext'])
      expect(await json(SCHEMAS.verify, ['verify', '--level', level])).toMatchObject({level, ok: true});
    expect(await json(SCHEMAS.verify, ['verify', ...AT, ...LOCKED_KEY], client)).toMatchObject({
      level: 'content',
    });
    expect((await vm.must(['verify', ids[0] as string, '--sample', '50%'])).stdout).toMatch(
      /^Verified \(ciphertext\): 1 snapshots?, .* No problems\.$/m,
    );
  });

  test('catalog info and rebuild: gone, it comes back and the next backup adds almost nothing', async () => {
    const before = await json(SCHEMAS.info, ['catalog', 'info']);
    for (const end of ['', '-wal', '-shm']) rmSync(before.path + end, {force: true});
    const rebuilt = await json(SCHEMAS.rebuild, ['catalog', 'rebuild']);
    expect(rebuilt).toMatchObject({path: before.path, snapshots: before.snapshots, blobs: before.blobs});
    const {snapshots} = await json(SCHEMAS.backup, ['backup', 'docs']);
    expect(snapshots[0]).toMatchObject({kind: 'incremental', parent: ids[1]});
    expect(snapshots[0]?.bytes.new, 'blobs are known').toBeLessThan(50_000);
  });

  test('a dry run of a backup writes nothing into the repository (I6)', async () => {
    const before = describeTree(repository);
    writeFileSync(join(source, 'dry'), 'dry');
    const {snapshots} = await json(SCHEMAS.backup, ['backup', 'docs', '--dry-run']);
    expect(snapshots).toMatchObject([{id: null, entries: {new: 1}}]);
    expect(describeTree(repository)).toEqual(before);
  });

  test('config check and schema', async () => {
    expect(await json(SCHEMAS.check, ['config', 'check'])).toMatchObject({ok: true, problems: []});
    writeFileSync(vm.path('typo.yaml'), 'repository: /x\nretenton: {}\n', {mode: 0o600});
    const wrong = await vm.json(['config', 'check', '--config', 'typo.yaml']);
    expect(wrong.code).toBe(2);
    expect(SCHEMAS.check.parse(wrong.json)).toMatchObject({
      ok: false,
      problems: [{line: 2, message: expect.stringContaining('retenton')}],
    });
    expect((await vm.json(['config', 'schema'])).json).toHaveProperty('$schema');
  });
});

describe('around it', () => {
  test('help and version', async () => {
    expect((await vm.must(['--version'])).stdout).toMatch(/^holdfast\/\d+\.\d+\.\d+ linux-/);
    expect((await vm.must(['version'])).stdout).toMatch(/^holdfast\//);
    const help = (await vm.must(['help'])).stdout;
    for (const word of [
      'backup',
      'restore',
      'verify',
      'keygen',
      'init',
      'snapshots',
      'catalog',
      'config',
      'keys',
      'ls',
      'find',
      'diff',
      'cat',
    ])
      expect(help, word).toMatch(new RegExp(`^ {2}${word} `, 'm'));
    for (const command of ['backup', 'restore', 'init']) {
      const text = (await vm.must([command, '--help'])).stdout;
      expect(text).toMatch(/^USAGE$/m);
      expect(text).toMatch(/^EXAMPLES$/m);
      expect(text).toMatch(/--json/);
    }
    expect((await vm.must(['help', 'catalog', 'rebuild'])).stdout).toContain('Rebuild the local catalog');
  });

  test.each(['bash', 'zsh'])('completion for %s is a script that the shell accepts', async (shell) => {
    const {stdout} = await vm.must(['autocomplete', 'script', shell]);
    expect(stdout).toContain('holdfast');
    const isThere = spawnSync(shell, ['-c', 'true']).status === 0;
    if (isThere) execFileSync(shell, ['-n'], {input: stdout});
  });

  test('quiet in cron: a backup says its result on stdout, and nothing on stderr', async () => {
    const usual = await vm.must(['backup', 'big']);
    expect(usual.stderr).toBe('');
    expect(usual.stdout.split('\n')).toHaveLength(4);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colours, no progress line
    expect(usual.stdout).not.toMatch(/[\u001b\r]/);
    const restored = await client.must([
      'restore',
      'latest:big',
      '--to',
      client.path('quiet'),
      '--quiet',
      ...AT,
      ...KEY,
    ]);
    expect(restored.stderr).toBe('');
  });

  test('a reader that goes early, as head does, is no error', async () => {
    const words = [process.execPath, PROGRAM, 'ls', 'latest:docs', '--recursive'];
    const ran = spawnSync(
      'bash',
      ['-c', '"$@" | head -n 1; echo "code ${PIPESTATUS[0]}"', 'bash', ...words],
      {
        cwd: vm.home,
        encoding: 'utf8',
        env: {PATH: process.env['PATH'], HOME: vm.home, XDG_STATE_HOME: vm.path('state')},
      },
    );
    expect(ran.stdout).toMatch(/code 0\n$/);
    expect(ran.stderr).toBe('');
  });
});

describe('standard input as a source', () => {
  test('is piped in and out again, without being named in the configuration', async () => {
    const content = noise(700_000, 'piped').toString('latin1');
    const done = await vm.json<{snapshots: {source: string}[]}>(
      ['backup', '--stdin', '--name', 'piped.bin'],
      {input: content},
    );
    expect(done).toMatchObject({code: 0, json: {snapshots: [{source: 'piped.bin', kind: 'full'}]}});
    const back = await client.must(['cat', 'latest:piped.bin', 'piped.bin', ...AT, ...KEY]);
    expect(back.bytes.equals(Buffer.from(content))).toBe(true);
  });

  test('is refused under the name of a source, under no name, and as several', async () => {
    for (const [args, problem] of [
      [['docs', '--stdin', '--name', 'x'], 'says what it is made of'],
      [['--stdin'], '--name'],
      [['--stdin', '--name', 'a/b'], 'without `/`'],
      [['--stdin', '--name', 'All.SQL'], 'cannot name a source'],
      [['a', 'b', '--stdin', '--name', 'x'], 'several'],
    ] as const) {
      const {code, stderr} = await vm.run(['backup', ...args], {input: 'x'});
      expect({code, stderr}).toMatchObject({code: 2, stderr: expect.stringContaining(problem)});
    }
  });
});
