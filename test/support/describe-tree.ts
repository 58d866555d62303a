/** What a tree on disk is, told by programs other than ours: Node's lstat, readlink and read, and getfattr. */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';

export interface EntryDescription {
  /** Relative to the root, as latin1: one character per byte. */
  path: string;
  type: string;
  mode: string;
  uid: number;
  gid: number;
  mtimeNs: string;
  size?: number;
  sha256?: string;
  /** At least 64 KiB of it are not on disk. */
  sparse?: boolean;
  target?: string;
  device?: string;
  /** Of an inode with several names: how many, and the first one in this tree. */
  links?: string;
  xattrs?: Record<string, string>;
}

export interface DescribeOptions {
  /** Sockets are not backed up. False by default. */
  readonly sockets?: boolean;
  /** The root's own metadata, under the path ''. True by default. */
  readonly root?: boolean;
}

const GETFATTR_REACH_BYTES = 3000;
const CHUNK = Buffer.allocUnsafe(1 << 20);

/** Every entry with all its attributes (but ctime, atime and inode), sorted by path: two trees are the same if these are equal. */
export function describeTree(
  root: string,
  {sockets = false, root: withRoot = true}: DescribeOptions = {},
): EntryDescription[] {
  const entries: EntryDescription[] = [];
  const firstNames = new Map<string, string>();

  const walk = (
    fd: number,
    folder: string,
    xattrsAbove: Map<string, Record<string, string>>,
    reach: number,
  ): void => {
    let xattrs = xattrsAbove;
    let start = reach;
    if (folder.length - reach > GETFATTR_REACH_BYTES) {
      start = folder.length + 1;
      xattrs = readXattrs(`/proc/self/fd/${fd}`);
    }
    const names = readdirSync(`/proc/self/fd/${fd}`, {encoding: 'buffer'}).map((name) =>
      name.toString('latin1'),
    );
    for (const name of names.sort()) {
      const place = Buffer.from(`/proc/self/fd/${fd}/${name}`, 'latin1');
      const path = folder === '' ? name : `${folder}/${name}`;
      const stats = lstatSync(place, {bigint: true});
      if (stats.isSocket() && !sockets) continue;
      entries.push(describe(path, place, stats, xattrs.get(path.slice(start)), firstNames));
      if (!stats.isDirectory()) continue;
      const inner = openSync(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      walk(inner, path, xattrs, start);
      closeSync(inner);
    }
  };

  const fd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  const xattrs = readXattrs(root);
  if (withRoot)
    entries.push(
      describe('', Buffer.from(root), lstatSync(root, {bigint: true}), xattrs.get('.'), firstNames),
    );
  walk(fd, '', xattrs, 0);
  closeSync(fd);
  return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function describe(
  path: string,
  place: Buffer,
  stats: BigIntStats,
  xattrs: Record<string, string> | undefined,
  firstNames: Map<string, string>,
): EntryDescription {
  const type = typeOf(stats);
  const entry: EntryDescription = {
    path,
    type,
    mode: (stats.mode & 0o7777n).toString(8),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs.toString(),
  };
  if (type === 'file') {
    entry.size = Number(stats.size);
    entry.sha256 = hashOf(place);
    entry.sparse = stats.size - stats.blocks * 512n >= 65_536n;
  }
  if (type === 'symlink') entry.target = readlinkSync(place, {encoding: 'buffer'}).toString('latin1');
  if (type === 'chardevice' || type === 'blockdevice') entry.device = stats.rdev.toString();
  if (type !== 'directory' && stats.nlink > 1n) {
    const inode = `${stats.dev}:${stats.ino}`;
    if (!firstNames.has(inode)) firstNames.set(inode, path);
    entry.links = `${stats.nlink} of ${firstNames.get(inode)}`;
  }
  if (xattrs !== undefined) entry.xattrs = xattrs;
  return entry;
}

function typeOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'chardevice';
  return stats.isBlockDevice() ? 'blockdevice' : 'socket';
}

function hashOf(place: Buffer): string {
  const hash = createHash('sha256');
  const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  for (let count = readSync(fd, CHUNK); count > 0; count = readSync(fd, CHUNK))
    hash.update(CHUNK.subarray(0, count));
  closeSync(fd);
  return hash.digest('hex');
}

/** @returns by path relative to `folder` (`.` for itself), in latin1; empty where getfattr is missing */
function readXattrs(folder: string): Map<string, Record<string, string>> {
  // libuv changes the folder between fork and exec, so that /proc/self/fd still is what it is here.
  const {stdout, stderr, error} = spawnSync(
    'getfattr',
    ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'],
    {
      cwd: folder,
      maxBuffer: 1 << 28,
      env: {...process.env, LC_ALL: 'C'},
    },
  );
  const found = new Map<string, Record<string, string>>();
  if (error !== undefined) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return found;
    throw error;
  }
  const problems = stderr
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('File name too long'));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  for (const block of stdout.toString('latin1').split('\n\n')) {
    const [head = '', ...lines] = block.split('\n').filter(Boolean);
    if (!head.startsWith('# file: ')) continue;
    const path = head
      .slice(8)
      .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const pairs = lines
      .map((line) => line.split('=') as [string, string?])
      .map(([name, value = '']) => [name, value] as const);
    found.set(path.replace(/^\.\//, ''), Object.fromEntries(pairs.sort()));
  }
  return found;
}
