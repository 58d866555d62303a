/** A folder with everything that has ever broken a backup, and edits that an incremental must notice (TESTING.md F, M8, M11). */
import {spawnSync} from 'node:child_process';
import {chmodSync, chownSync, lchownSync, linkSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {nest, noise, run, sparse, touch} from './tree-pieces.ts';

export {describeTree, type EntryDescription} from './describe-tree.ts';
export {editNastyTree} from './edit-tree.ts';
export {noise} from './tree-pieces.ts';

/** What the machine and the file system below could make; tests say what they did not see. */
export interface TreeCapabilities {
  /** Owners, devices, trusted attributes. */
  root: boolean;
  userXattrs: boolean;
  trustedXattrs: boolean;
  capabilities: boolean;
  acls: boolean;
  devices: boolean;
  sparse: boolean;
  nonUtf8Names: boolean;
}

export interface NastyTreeOptions {
  /** Files with more than 1 MiB: 9 MiB of noise, and 1 GiB of nothing. True by default; they cost seconds to hash. */
  readonly large?: boolean;
  /** How many small files. 300 by default. */
  readonly smallFiles?: number;
}

const LONG_NAME = 'n'.repeat(255);
const BAD_UTF8 = Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe, 0x80]);

/** Fills `dir`, which must be empty. Deterministic. Meant for root, but makes what it can for others. */
export function makeNastyTree(
  dir: string,
  {large = true, smallFiles = 300}: NastyTreeOptions = {},
): TreeCapabilities {
  const at = (...parts: string[]): string => join(dir, ...parts);
  const isRoot = process.geteuid?.() === 0;
  const can: TreeCapabilities = {
    root: isRoot,
    userXattrs: false,
    trustedXattrs: false,
    capabilities: false,
    acls: false,
    devices: false,
    sparse: true,
    nonUtf8Names: true,
  };

  // Names
  mkdirSync(at('names'));
  const names = [
    'new\nline',
    '-rf',
    '--help',
    ' ',
    'a b ',
    '\t',
    '\\',
    '"quoted"',
    "'",
    '$(id)',
    '*',
    '~',
    '.hidden',
    '...',
    '\x1b[31m',
    '\u202edcba',
    '__proto__',
    LONG_NAME,
  ];
  for (const name of [
    ...names,
    'nfc-\u00e9',
    'nfd-e\u0301',
    'same-\u00e9',
    'same-e\u0301',
    'Case',
    'case',
    '🎄',
  ])
    writeFileSync(at('names', name), name);
  try {
    writeFileSync(Buffer.concat([Buffer.from(at('names/')), BAD_UTF8]), 'bytes');
    writeFileSync(Buffer.concat([Buffer.from(at('names/')), Buffer.from([0xff])]), 'one');
    writeFileSync(Buffer.concat([Buffer.from(at('names/')), Buffer.from([0xfe])]), 'another');
    writeFileSync(at('names/\ufffd'), 'the replacement character');
    mkdirSync(Buffer.concat([Buffer.from(at('names/dir-')), BAD_UTF8]));
    writeFileSync(Buffer.concat([Buffer.from(at('names/dir-')), BAD_UTF8, Buffer.from('/inside')]), 'x');
  } catch {
    can.nonUtf8Names = false;
  }

  // Depth
  nest(
    at('deep'),
    Array.from({length: 200}, (_, level) => `d${level}`),
  );
  nest(
    at('long'),
    Array.from({length: 20}, (_, level) => `${String(level).padStart(2, '0')}${'l'.repeat(248)}`),
  );

  // Sizes
  mkdirSync(at('content'));
  for (const size of [0, 1, 511, 512, 513, 4095, 4096, 65_536, 262_144])
    writeFileSync(at('content', `size-${size}`), noise(size, 'size'));
  writeFileSync(at('content/twin-a'), noise(100_000, 'twin'));
  writeFileSync(at('content/twin-b'), noise(100_000, 'twin'));
  writeFileSync(at('content/zeros'), Buffer.alloc(300_000));
  if (large) writeFileSync(at('content/nine-mib'), noise(9 << 20, 'large'));
  mkdirSync(at('empty'));
  for (let i = 0; i < smallFiles; i++) {
    if (i % 50 === 0) mkdirSync(at('small', `${i / 50}`), {recursive: true});
    writeFileSync(
      at('small', `${Math.floor(i / 50)}`, `file-${i}.txt`),
      `${noise(i * 7, `small-${i}`).toString('base64')}\n`,
    );
  }

  // Sparse
  mkdirSync(at('sparse'));
  const mebi = 1 << 20;
  sparse(at('sparse/hole-at-start'), 2 * mebi, [2 * mebi - 5000]);
  sparse(at('sparse/hole-in-middle'), 2 * mebi + 5000, [0, 2 * mebi]);
  sparse(at('sparse/hole-at-end'), 2 * mebi, [0]);
  sparse(at('sparse/holes'), 4 * mebi, [mebi / 2, mebi, 3 * mebi]);
  sparse(at('sparse/nothing-but-hole'), 3 * mebi + 17, []);
  if (large) sparse(at('sparse/one-gib'), 1024 * mebi, [500 * mebi]);

  // Links
  mkdirSync(at('links/other'), {recursive: true});
  writeFileSync(at('links/file'), 'linked');
  linkSync(at('links/file'), at('links/hard'));
  linkSync(at('links/file'), at('links/other/hard'));
  linkSync(at('links/file'), at('hard-before'));
  linkSync(at('content/zeros'), at('links/zeros'));
  const targets = {
    dangling: 'nowhere',
    absolute: '/etc/passwd',
    up: '../../..',
    self: 'self',
    'loop-a': 'loop-b',
    'loop-b': 'loop-a',
    folder: 'other',
    newline: 'a\nb',
    long: 'x/'.repeat(2000),
  };
  for (const [name, target] of Object.entries(targets)) symlinkSync(target, at('links', name));
  symlinkSync(BAD_UTF8, at('links/bytes'));
  linkSync(at('links/dangling'), at('links/dangling-hard'));

  // Special files
  mkdirSync(at('special'));
  run(dir, 'mkfifo', 'special/fifo');
  run(
    dir,
    process.execPath,
    '-e',
    'require("node:net").createServer().listen("special/socket", () => process.exit())',
  );
  can.devices =
    isRoot &&
    run(dir, 'mknod', 'special/null', 'c', '1', '3') &&
    run(dir, 'mknod', 'special/block', 'b', '259', '70000');
  if (isRoot) linkSync(at('special/fifo'), at('special/fifo-hard'));

  // Owners and modes
  mkdirSync(at('modes'));
  // Others than root cannot compare what they closed to themselves, and do not get setuid bits back unless they ask.
  const possible = (needed: number, modes: readonly number[]): readonly number[] =>
    isRoot ? modes : modes.filter((mode) => (mode & needed) === needed && (mode & 0o6000) === 0);
  for (const mode of possible(
    0o400,
    [0o000, 0o400, 0o444, 0o600, 0o666, 0o755, 0o777, 0o4755, 0o2755, 0o6711, 0o1644],
  )) {
    writeFileSync(at('modes', `file-${mode.toString(8)}`), 'mode');
    if (isRoot) chownSync(at('modes', `file-${mode.toString(8)}`), 1234 + (mode % 7), 4321);
    chmodSync(at('modes', `file-${mode.toString(8)}`), mode);
  }
  if (isRoot) lchownSync(at('links/dangling'), 1001, 1002);
  if (isRoot) chownSync(at('content/size-1'), 4_000_000_000, 3_999_999_999);

  // Extended attributes, ACLs, capabilities
  mkdirSync(at('xattrs/default-acl'), {recursive: true});
  for (const name of ['user', 'trusted', 'capability', 'acl', 'many', 'read-only'])
    writeFileSync(at('xattrs', name), name);
  can.userXattrs = run(dir, 'setfattr', '-n', 'user.text', '-v', 'hello', 'xattrs/user');
  if (can.userXattrs) {
    run(dir, 'setfattr', '-n', 'user.bytes', '-v', '0x00ff0a3d', 'xattrs/user');
    run(dir, 'setfattr', '-n', 'user.empty', 'xattrs/user');
    run(dir, 'setfattr', '-n', 'user.größe', '-v', 'ü', 'xattrs/default-acl');
    run(dir, 'setfattr', '-n', 'user.text', '-v', 'x', 'xattrs/read-only');
    chmodSync(at('xattrs/read-only'), 0o444);
    for (let i = 0; i < 20; i++)
      run(dir, 'setfattr', '-n', `user.number-${i}`, '-v', 'v'.repeat(i * 5), 'xattrs/many');
  }
  can.trustedXattrs =
    isRoot && run(dir, 'setfattr', '-n', 'trusted.holdfast', '-v', 'secret', 'xattrs/trusted');
  if (can.trustedXattrs)
    run(dir, 'setfattr', '-h', '-n', 'trusted.link', '-v', 'on a link', 'links/absolute');
  can.capabilities = isRoot && run(dir, 'setcap', 'cap_net_bind_service=+ep', 'xattrs/capability');
  can.acls = run(dir, 'setfacl', '-m', 'u:1234:rw,g:4321:r,m::rw', 'xattrs/acl');
  if (can.acls) {
    run(dir, 'setfacl', '-d', '-m', 'u:1234:rwx,g:4321:rx', 'xattrs/default-acl');
    writeFileSync(at('xattrs/default-acl/inherits'), 'acl');
    run(dir, 'setfacl', '-b', 'xattrs/default-acl/inherits');
    writeFileSync(at('xattrs/default-acl/inherited'), 'acl');
  }

  // Directories' own modes, when their content is there
  for (const mode of possible(0o700, [0o000, 0o555, 0o700, 0o1777, 0o2775, 0o3770])) {
    mkdirSync(at('modes', `folder-${mode.toString(8)}`));
    writeFileSync(at('modes', `folder-${mode.toString(8)}`, 'inside'), 'x');
    chmodSync(at('modes', `folder-${mode.toString(8)}`), mode);
  }

  // Times, last
  mkdirSync(at('times/folder'), {recursive: true});
  const times = {
    year1901: '1901-12-14T00:00:00.000000001Z',
    before1970: '1969-12-31T23:59:59.999999999Z',
    epoch: '1970-01-01T00:00:00Z',
    nanoseconds: '2026-11-20T02:30:00.123456789Z',
    year2038: '2038-01-19T03:14:08.987654321Z',
    year2261: '2261-12-31T23:59:59.123456789Z',
  };
  for (const [name, time] of Object.entries(times)) {
    writeFileSync(at('times', name), name);
    touch(dir, `times/${name}`, time);
  }
  for (const path of [
    'links/dangling',
    'times/folder',
    'special/fifo',
    'empty',
    'times',
    'names',
    'sparse/holes',
  ])
    touch(dir, path, '2011-03-04T05:06:07.080910111Z');
  const {stdout} = spawnSync('du', ['-s', '--block-size=1', at('sparse')], {encoding: 'utf8'});
  can.sparse = Number.parseInt(stdout, 10) < 4 * mebi;
  return can;
}
