import {LockedError} from '../errors.ts';
import {Lease, type LeaseHolder} from '../repository/lease.ts';
import {identify, isRunning} from '../system/processes.ts';
import {TargetError} from '../targets/target.ts';
import type {BackupContext} from './backup.ts';

/**
 * Runs `work` as the only run of a source: on this machine by a lock in the catalog, elsewhere by the lease in the repository.
 * @throws {@link LockedError}
 */
export async function withLock<T>(
  context: BackupContext,
  source: string,
  isDryRun: boolean,
  work: (renewLease: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const {catalog, host, repository, agent} = context;
  const since = context.now().toISOString();
  const me = identify();
  const holder = {pid: me.pid, processStarted: me.started, host, since};
  const other = catalog.locks.take(
    source,
    holder,
    (lock) => lock.host === host && isRunning({pid: lock.pid, started: lock.processStarted}),
  );
  if (other !== undefined) {
    throw new LockedError(
      `The source ${source} is being backed up by process ${other.pid} on ${other.host} since ${other.since}.`,
      {
        hint: 'Wait for it to end, or end that process.',
      },
    );
  }
  try {
    if (isDryRun) return await work(async () => {});
    const lease = await Lease.take(
      repository,
      source,
      {agent: agent.fingerprint, host, pid: me.pid, started: since},
      context.now().getTime(),
      // We hold the catalog's lock: whoever wrote this lease with our key on this host is gone.
      (leaseHolder: LeaseHolder) => leaseHolder.agent === agent.fingerprint && leaseHolder.host === host,
      (note) => context.onNote?.(source, note),
    );
    try {
      await sweepPartials(context, source);
      return await work(() => lease.renew(context.now().getTime()));
    } finally {
      await lease.release();
    }
  } finally {
    catalog.locks.release(source, holder);
  }
}

/** Another run may be writing, whatever the leases say: what is young stays. */
const PARTIALS_OLDER_THAN_MS = 24 * 3_600_000;

/** What killed runs left half-written is in nobody's way but costs room. */
async function sweepPartials(
  {repository, signal, now, onNote}: BackupContext,
  source: string,
): Promise<void> {
  try {
    await repository.target.sweepPartials?.(PARTIALS_OLDER_THAN_MS, now().getTime(), {signal});
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    onNote?.(source, `what earlier runs left half-written could not be removed: ${error.message}`);
  }
}
