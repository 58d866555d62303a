import {randomUUID} from 'node:crypto';
import {link, lstat, open, rename, rm} from 'node:fs/promises';
import {dirname, resolve} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {makeFolders} from '../system/folders.ts';
import {systemCode} from '../system/system-error.ts';
import {PARTIAL_ENDING} from './object-name.ts';

/** Names that {@link writePartial} and {@link publishWithoutLinks} give to files that are not objects. */
export const PARTIAL = /\.(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|claim)\.part$/;

/** What `link` answers where a file system (FAT, some network and FUSE file systems) has no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
/** What `fsync` answers where a file system cannot sync a folder; it has no way to make a name durable then. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EBADF']);

/** Between two looks at the signal. */
const WRITE_BYTES = 2 ** 23;
/** A claim is held for a look, a rename and a removal. */
const CLAIM_WAIT_MS = 10_000;

/** Brings what was made, renamed or removed in a folder to the disk. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (cause) {
    if (!NO_FOLDER_SYNC.has(systemCode(cause) ?? '')) throw cause;
  }
}

/** Makes a folder and those above it, as far as they are missing, durably. */
export async function makeFolderTree(folder: string): Promise<void> {
  const first = makeFolders(folder, 0o700);
  if (first === undefined) return;
  for (let made = resolve(folder); ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first) return;
  }
}

/**
 * Writes the whole body, durably, under a name beside `path` that no other attempt has, and that no listing shows.
 * Where that fails, nothing is left.
 *
 * @returns the partial file's path
 */
export async function writePartial(path: string, body: Uint8Array, signal?: AbortSignal): Promise<string> {
  const part = `${path}.${randomUUID()}${PARTIAL_ENDING}`;
  const handle = await open(part, 'wx', 0o600); // O_EXCL, so that a planted symbolic link is not followed.
  try {
    try {
      for (let at = 0; at < body.length; ) {
        signal?.throwIfAborted();
        const {bytesWritten} = await handle.write(body, at, Math.min(WRITE_BYTES, body.length - at));
        at += bytesWritten;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    signal?.throwIfAborted();
    return part;
  } catch (cause) {
    await removeQuietly(part);
    throw cause;
  }
}

/**
 * Gives a partial file its final name, unless that is taken, and takes its partial name away.
 *
 * @returns `published`, `taken`, or `unsupported` where the file system has no hard links
 */
export async function publishByLink(
  part: string,
  path: string,
): Promise<'published' | 'taken' | 'unsupported'> {
  try {
    await link(part, path); // Unlike rename, link refuses a name that is taken.
  } catch (cause) {
    const code = systemCode(cause) ?? '';
    if (NO_LINKS.has(code)) return 'unsupported';
    if (code !== 'EEXIST') throw cause;
    // On NFS, the answer to a link that succeeded may be lost, and the repeated request be refused.
    if ((await lstat(part)).nlink < 2) return 'taken';
  }
  await removeQuietly(part);
  return 'published';
}

/**
 * The same without hard links. Node has no renameat2(RENAME_NOREPLACE), and rename replaces; writing to the final name
 * with O_EXCL would show parts of an object. So whoever renames first takes a claim: a file that O_EXCL lets one
 * process make. Between its look and its rename, nobody else who keeps to this can publish that name. A claim that a
 * killed process left behind is not stolen, since its age is no proof; it blocks this one name until it is swept.
 *
 * @returns `published`, `taken`, or `claimed` when another process does not let go of its claim
 */
export async function publishWithoutLinks(
  part: string,
  path: string,
  signal?: AbortSignal,
): Promise<'published' | 'taken' | 'claimed'> {
  const claim = `${path}.claim${PARTIAL_ENDING}`;
  for (let waitedMs = 0; !(await takeClaim(claim)); waitedMs += 50) {
    if (waitedMs >= CLAIM_WAIT_MS) return 'claimed';
    await delay(50);
    signal?.throwIfAborted();
  }
  try {
    if (await isTaken(path)) return 'taken';
    await rename(part, path);
    return 'published';
  } finally {
    await removeQuietly(claim);
  }
}

async function takeClaim(claim: string): Promise<boolean> {
  try {
    await (await open(claim, 'wx', 0o600)).close();
    return true;
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return false;
    throw cause;
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return false;
    throw cause;
  }
}

/** Removes a partial file, if it can be. */
export async function removeQuietly(path: string): Promise<void> {
  // One that stays does no harm: no listing shows it, and it is swept a day later. What went wrong before is what must be told.
  await rm(path, {force: true}).catch(() => {});
}
