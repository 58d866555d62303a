/** A scratch folder with a root to restore into, a victim beside it, and short words for entries. Importing it sets up each test. */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach} from 'vitest';
import type {TreeEntry} from '../../src/repository/tree.ts';
import {FolderWriter, type FolderWriterOptions} from '../../src/sources/folder/writer.ts';
import {describeTree} from './trees.ts';

export let scratch: string;
export let root: string;
export let victim: string;
export let warnings: string[];

/** Puts `root` somewhere else in the scratch folder. */
export function setRoot(path: string): void {
  root = path;
}

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-writer-'));
  root = join(scratch, 'root');
  victim = join(scratch, 'victim');
  mkdirSync(victim, {mode: 0o751});
  writeFileSync(join(victim, 'precious'), 'precious', {mode: 0o640});
  warnings = [];
});
afterEach(() => rmSync(scratch, {recursive: true, force: true}));

export function open(options: Partial<FolderWriterOptions> = {}): FolderWriter {
  return new FolderWriter({
    root,
    overwrite: 'never',
    onWarning: (path, problem) => warnings.push(`${path.toString()}: ${problem}`),
    ...options,
  });
}
export const common = {
  mode: 0o644,
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  mtimeNs: 1_700_000_000_123_456_789n,
};
export const bytes = (name: string): Buffer => Buffer.from(name, 'latin1');
export const fileEntry = (name: string, content: string, more: Partial<TreeEntry> = {}): TreeEntry => ({
  ...common,
  type: 'file',
  name: bytes(name),
  size: content.length,
  ...more,
});
export const directoryEntry = (name: string): TreeEntry => ({
  ...common,
  type: 'directory',
  name: bytes(name),
  mode: 0o755,
});
export const linkEntry = (name: string, target: string, more: Partial<TreeEntry> = {}): TreeEntry => ({
  ...common,
  type: 'symlink',
  name: bytes(name),
  target: bytes(target),
  ...more,
});

export function put(
  writer: FolderWriter,
  name: string,
  content: string,
  more: Partial<TreeEntry> = {},
): boolean {
  const file = writer.file(bytes(name), fileEntry(name, content, more));
  file?.write(bytes(content));
  return file?.commit() ?? false;
}
export const enter = (writer: FolderWriter, name: string): boolean =>
  writer.openDirectory(bytes(name), directoryEntry(name));
export const read = (...path: string[]): string => readFileSync(join(root, ...path), 'latin1');
export const victimState = (): unknown => describeTree(victim);
