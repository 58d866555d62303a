/** What runs by itself, and when: the jobs that a config asks for. */
import type {Config} from '../config/config.ts';

export type JobKind = 'backup' | 'prune' | 'verify' | 'replicate' | 'drill';

export interface Job {
  /** Such as `backup`, `backup-orders`, `prune` or `drill-weekly`; unique in a config. */
  readonly name: string;
  readonly kind: JobKind;
  /** Five fields of crontab(5). */
  readonly cron: string;
  /** Undefined: that of this machine. */
  readonly timeZone: string | undefined;
  /** The command and its arguments. */
  readonly args: readonly [string, ...string[]];
}

/** In the order in which they matter. A source with a schedule of its own is a job of its own. */
export function jobsOf({schedule, sources, drills}: Config): Job[] {
  const {timeZone, backup, prune, verify, replicate} = schedule;
  const jobs: Job[] = [];
  const add = (name: string, kind: JobKind, cron: string, args: Job['args'], zone = timeZone): void => {
    jobs.push({name, kind, cron, timeZone: zone, args});
  };
  const all = [...sources.values()];
  const shared = all.filter((source) => source.schedule === undefined);
  if (backup !== undefined && shared.length > 0) {
    const names = shared.length === all.length ? [] : shared.map(({name}) => name);
    add('backup', 'backup', backup, ['backup', ...names]);
  }
  for (const {name, schedule: own, timeZone: zone} of all) {
    if (own !== undefined && own !== 'never') add(`backup-${name}`, 'backup', own, ['backup', name], zone);
  }
  if (prune !== undefined) add('prune', 'prune', prune, ['prune', '--yes']);
  if (verify !== undefined) {
    const {cron, level, sample, storeChecksums} = verify;
    const args = ['--level', level, ...(sample === undefined ? [] : ['--sample', sample])];
    add('verify', 'verify', cron, ['verify', ...args, ...(storeChecksums ? ['--store-checksums'] : [])]);
  }
  if (replicate !== undefined)
    add('replicate', 'replicate', replicate.cron, ['replicate', '--to', replicate.to]);
  for (const {name, schedule: cron} of drills.values())
    if (cron !== undefined) add(`drill-${name}`, 'drill', cron, ['drill', 'run', name]);
  return jobs;
}
