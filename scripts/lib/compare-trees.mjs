// Are two folders the same, byte for byte and in every attribute that Node can read?
import {lstatSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';

/** @returns {{files: number, bytes: number, differences: string[]}} counts of regular files */
export function compareTrees(expected, actual) {
  const outcome = {files: 0, bytes: 0, differences: []};
  const linked = new Map(); // inode there → inode here: hard links stay hard links, and nothing else becomes one
  compareFolders('', expected, actual, linked, outcome);
  return outcome;
}

function compareFolders(path, expected, actual, linked, outcome) {
  const wanted = readdirSync(join(expected, path)).sort();
  const found = readdirSync(join(actual, path)).sort();
  for (const name of found)
    if (!wanted.includes(name)) outcome.differences.push(`${join(path, name)} is extra`);
  for (const name of wanted) {
    const entry = join(path, name);
    if (found.includes(name)) compareEntries(entry, expected, actual, linked, outcome);
    else outcome.differences.push(`${entry} is missing`);
  }
}

function compareEntries(path, expected, actual, linked, outcome) {
  const a = lstatSync(join(expected, path), {bigint: true});
  const b = lstatSync(join(actual, path), {bigint: true});
  for (const field of ['mode', 'uid', 'gid', 'mtimeNs', ...(a.isDirectory() ? [] : ['size', 'nlink'])]) {
    if (a[field] !== b[field]) outcome.differences.push(`${path}: ${field} is ${b[field]}, not ${a[field]}`);
  }
  if (a.isDirectory() && b.isDirectory()) return compareFolders(path, expected, actual, linked, outcome);
  if (a.isFile()) {
    outcome.files++;
    outcome.bytes += Number(a.size);
  }
  const isSame = a.isSymbolicLink()
    ? b.isSymbolicLink() && readlinkSync(join(expected, path)) === readlinkSync(join(actual, path))
    : b.isFile() && readFileSync(join(expected, path)).equals(readFileSync(join(actual, path)));
  if (!isSame) outcome.differences.push(`${path}: the content differs`);
  if ((linked.get(a.ino) ?? b.ino) !== b.ino) outcome.differences.push(`${path}: a hard link came apart`);
  linked.set(a.ino, b.ino);
}
