/** Files that are written in one go, in a directory that is open. */
import {closeSync, fchmodSync, fchownSync, writeSync} from 'node:fs';
import type {Libc} from './libc.ts';

export interface WholeFile {
  /** Descriptor of the directory that it goes into. */
  readonly directory: number;
  readonly name: Buffer;
  /** Undefined leaves it to the system. */
  readonly owner: {readonly uid: number; readonly gid: number} | undefined;
  /** Permission bits. */
  readonly mode: number;
  /** Fits into 64 bits. */
  readonly mtimeNs: bigint;
}

/**
 * Makes a file with its content and metadata; it has no name before it is complete.
 * @throws what the system says, such as `EEXIST` if the name is taken
 */
export function makeWholeFile(libc: Libc, file: WholeFile, content: Uint8Array): void {
  const fd = libc.openNameless(file.directory);
  try {
    writeAll(fd, content, 0);
    if (file.owner !== undefined) fchownSync(fd, file.owner.uid, file.owner.gid);
    fchmodSync(fd, file.mode);
    libc.setTimes(fd, file.mtimeNs, file.mtimeNs);
    libc.linkNameless(fd, file.directory, file.name);
  } finally {
    closeSync(fd);
  }
}

/** @throws what the system says */
export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}
