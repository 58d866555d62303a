/** What tells that an entry is what it was: four numbers of its lstat, which the catalog keeps. */
import type {BigIntStats} from 'node:fs';
import {STATS} from '../../catalog/directories.ts';

/** {@link STATS} numbers: size, mtime in ns, ctime in ns or {@link RACY}, inode. */
export type EntryStats = readonly [size: bigint, mtimeNs: bigint, ctimeNs: bigint, inode: bigint];

/** A file modified this close before it was listed may change again without its times telling. */
const RACY_NS = 50_000_000n;
const RACY_COARSE_NS = 2_000_000_000n;
const RACY = -1n;

/** Whether the entry at `position` of a known directory has these stats. */
export function sameStats(known: BigInt64Array, position: number, stats: BigIntStats): boolean {
  const at = position * STATS;
  return (
    isEqual(known[at + 1], stats.mtimeNs) &&
    isEqual(known[at + 2], stats.ctimeNs) &&
    isEqual(known[at + 3], stats.ino) &&
    (isEqual(known[at], stats.size) || stats.isDirectory())
  );
}

/** @param listedMs when it was listed. Times so close to it cannot tell the next change: then they are not kept. */
export function statsToKeep({size, mtimeNs, ctimeNs, ino}: BigIntStats, listedMs: number): EntryStats {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const isRacy = ctimeNs > BigInt(listedMs) * 1_000_000n - (isCoarse ? RACY_COARSE_NS : RACY_NS);
  return [size, mtimeNs, isRacy ? RACY : ctimeNs, ino];
}

/** Stored numbers have 64 bits; an inode or a time of the year 2400 may need more. */
function isEqual(stored: bigint | undefined, value: bigint): boolean {
  return stored === value || stored === BigInt.asIntN(64, value);
}
