/** One prune at a time, as far as politeness goes; and what time it is for the storage, which alone tells how old a mark is. */
import {LockedError, PruneRefusedError} from '../../errors.ts';
import {Fields, FormatError} from '../../repository/fields.ts';
import {leaseObject, PRUNE_LEASE} from '../../repository/layout.ts';
import type {Repository} from '../../repository/repository.ts';
import {identify, isRunning} from '../../system/processes.ts';
import {readObject} from '../../targets/read.ts';
import {ObjectMissingError} from '../../targets/target.ts';

/** A lease that was not renewed for so long is over. */
const EXPIRES_MS = 30 * 60_000;
/** Clocks that differ by more make no sense together. */
const CLOCKS_APART_MS = 10 * 60_000;
const LEASE_MOST_BYTES = 65_536;

export interface LeaseWriter {
  readonly repository: Repository;
  readonly host: string;
  now(): Date;
}

/**
 * Runs `work` as the only prune of a repository.
 * @param work gets what asks for the storage's time, in ms since the epoch
 * @throws {@link LockedError} while another one runs; {@link PruneRefusedError} if the storage's clock and this machine's are apart
 */
export async function withPruneLease<T>(
  writer: LeaseWriter,
  work: (storageTime: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const {repository, now} = writer;
  await refuseOther(writer);
  const storageTime = () => writeLease(writer);
  const apartMs = (await storageTime()) - now().getTime();
  try {
    if (Math.abs(apartMs) > CLOCKS_APART_MS)
      throw new PruneRefusedError(
        `The clock of the storage is ${Math.round(Math.abs(apartMs) / 60_000)} minutes ${apartMs > 0 ? 'ahead of' : 'behind'} the clock of this machine, so nobody knows how old anything is. Nothing was marked or deleted.`,
        {hint: 'Set the clock that is wrong (timedatectl), then run this again.'},
      );
    return await work(storageTime);
  } finally {
    await repository.target.remove(PRUNE_LEASE);
  }
}

/** Whether a source is being backed up, by the time of its lease's last renewal. A hint: nothing is deleted only because this says no. */
export async function isBackedUpNow(
  {target}: Repository,
  source: string,
  storageMs: number,
): Promise<boolean> {
  const lease = await target.stat(leaseObject(source));
  return lease !== undefined && storageMs - lease.modifiedMs < EXPIRES_MS;
}

/** @returns when the storage says that it was written */
async function writeLease({repository: {target}, host, now}: LeaseWriter): Promise<number> {
  const {pid, started} = identify();
  const lease = {host, pid, started, renewed: now().toISOString()};
  await target.replace(PRUNE_LEASE, Buffer.from(`${JSON.stringify(lease)}\n`));
  const written = await target.stat(PRUNE_LEASE);
  if (written === undefined) throw new ObjectMissingError(target.label, PRUNE_LEASE);
  return written.modifiedMs;
}

async function refuseOther({repository: {target}, host, now}: LeaseWriter): Promise<void> {
  const found = await target.stat(PRUNE_LEASE);
  if (found === undefined || now().getTime() - found.modifiedMs >= EXPIRES_MS) return;
  let holder: {host: string; pid: number; started: string};
  try {
    const text = Buffer.from(await readObject(target, PRUNE_LEASE, {maxBytes: LEASE_MOST_BYTES}));
    const fields = Fields.parse(text.toString('utf8'));
    holder = {host: fields.text('host'), pid: fields.count('pid'), started: fields.text('started')};
  } catch (error) {
    if (error instanceof ObjectMissingError) return;
    if (!(error instanceof FormatError)) throw error;
    holder = {host: 'an unknown host', pid: 0, started: ''};
  }
  if (holder.host === host && !isRunning(holder)) return;
  throw new LockedError(
    `The repository is being pruned by process ${holder.pid} on ${holder.host}, which was last seen at ${new Date(found.modifiedMs).toISOString()}.`,
    {hint: 'Wait for it to end; one that was cut off elsewhere is forgotten after 30 minutes.'},
  );
}
