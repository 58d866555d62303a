import {readFileSync} from 'node:fs';

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system counts it; empty where the system does not tell. */
  readonly started: string;
}

/** @param pid that of this process, or of one that it has started */
export function identify(pid = process.pid): ProcessIdentity {
  return {pid, started: startOf(pid) ?? ''};
}

export function isRunning({pid, started}: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return started === '' || (startOf(pid) ?? started) === started;
}

/** Field 22 of /proc/PID/stat, with the boot's id, since the count begins anew with each boot. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , , ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return 'ended'; // Its parent has not looked yet, or is gone, too.
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}:${rest[16]}`;
  } catch {
    // Not Linux, or the process has just ended: then its number alone has to do.
    return undefined;
  }
}
