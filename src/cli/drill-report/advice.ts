import type {DrillReport} from '../../repository/drill-report.ts';

const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /^RTO /,
    'Look at the longest phase below. fetch: a nearer or faster storage, more bandwidth; decrypt: more processor cores; write: a faster disk; load: a larger database server, or fewer indexes to build.',
  ],
  [/^RPO /, 'Back up more often, or find out why the newest snapshot is so old: "holdfast status".'],
  [
    /same as witness|keys as at the dump/,
    'What came back is not what the server held when it was dumped. Look at the tables that are named, make a new backup with --full, and run the drill again; keep the older snapshots until it passes.',
  ],
  [
    /files as recorded|restore$/,
    'Run "holdfast verify" to see what is damaged and which snapshots it affects. Fetch damaged objects from another copy ("holdfast replicate"), or make a new full backup while the machine still has the data. If a program or a folder is missing on the drill machine, the message names it.',
  ],
  [
    /amcheck|CHECK TABLE|integrity_check|check-rdb/,
    'The engine finds its own data faulty. Check the database on the machine that is backed up the same way: it may be damaged there.',
  ],
  [
    /\//,
    'The key does not open this generation. Find the private key that it is encrypted to: the message names its id. New backups can be encrypted to another recipient, old ones cannot.',
  ],
];

/** What to do about a check that failed. */
export function adviceFor(check: DrillReport['checks'][number], {scope}: DrillReport): string {
  const known = ADVICE.find(
    ([pattern]) => pattern.test(check.name) && (pattern.source !== '\\/' || scope === 'key'),
  );
  return (
    known?.[1] ??
    'A check of your own: look into a restored copy ("holdfast restore"). Where all came back as recorded, it was so when the backup was made, or the check is out of date.'
  );
}
