/** Finds the snapshot that somebody means: an id, a prefix of one, `latest`, `latest:SOURCE` or `SOURCE@TIME`. */
import {DamageError, NotFoundError, UsageError} from '../errors.ts';
import type {Problem} from './chain.ts';
import type {History} from './history.ts';
import type {CheckedSeal} from './seal.ts';

/**
 * @throws {@link NotFoundError} if there is none; {@link UsageError} if it may be several; {@link DamageError} if its seal is damaged
 */
export function selectSnapshot(history: History, reference: string): CheckedSeal {
  const seals = history.sources.flatMap((source) => source.seals);
  if (seals.length === 0) {
    refuseDamage(history.problems, () => true);
    throw new NotFoundError('The repository has no snapshots.', {hint: 'Make one with "holdfast backup".'});
  }
  const [, source, time] = /^([^@:]+)@(.+)$/.exec(reference) ?? [];
  if (source !== undefined && time !== undefined)
    return newestBefore(ofSource(history, source), time, reference);
  if (reference === 'latest') return newest(history.sources.flatMap(({seals: all}) => all.slice(-1)));
  if (reference.startsWith('latest:')) return last(ofSource(history, reference.slice('latest:'.length)));
  return byPrefix(seals, reference, history.problems);
}

function ofSource(history: History, name: string): readonly CheckedSeal[] {
  const source = history.sources.find((candidate) => candidate.source === name);
  if (source === undefined || source.seals.length === 0) {
    const known = history.sources.filter(({seals}) => seals.length > 0).map((candidate) => candidate.source);
    throw new NotFoundError(`There is no snapshot of a source "${name}".`, {
      hint: `The repository has ${known.join(', ')}.`,
    });
  }
  return source.seals;
}

/** In the order of its source, which the seals prove; times would hide what was backed up after a clock that was ahead. */
function last(seals: readonly CheckedSeal[]): CheckedSeal {
  return seals.reduce((best, seal) => (seal.sequence >= best.sequence ? seal : best));
}

/** By the time it was taken; of equal ones, the later in its source. */
function newest(seals: readonly CheckedSeal[]): CheckedSeal {
  return seals.reduce((best, seal) => (seal.started >= best.started ? seal : best));
}

function newestBefore(seals: readonly CheckedSeal[], time: string, reference: string): CheckedSeal {
  const limit = Date.parse(time);
  if (Number.isNaN(limit)) {
    throw new UsageError(`"${time}" in "${reference}" is not a time.`, {
      hint: 'Write it like 2026-11-20 or 2026-11-20T02:30:00Z.',
    });
  }
  // A date alone means the whole day.
  const end = /^\d{4}-\d\d-\d\d$/.test(time) ? limit + 86_400_000 - 1 : limit;
  const before = seals.filter((seal) => Date.parse(seal.started) <= end);
  if (before.length === 0) {
    throw new NotFoundError(
      `There is no snapshot at or before ${time}; the oldest is of ${seals[0]?.started}.`,
      {hint: 'Run "holdfast snapshots" to see all.'},
    );
  }
  return newest(before);
}

function byPrefix(seals: readonly CheckedSeal[], prefix: string, problems: readonly Problem[]): CheckedSeal {
  const isId = /^[0-9a-f]+$/.test(prefix);
  const matches = isId ? seals.filter((seal) => seal.snapshot.id.startsWith(prefix)) : [];
  const [match, another] = matches;
  if (match === undefined) {
    if (isId) refuseDamage(problems, (id) => id.startsWith(prefix));
    throw new NotFoundError(`There is no snapshot "${prefix}".`, {
      hint: 'Run "holdfast snapshots"; a snapshot is an id or its beginning, latest, latest:SOURCE or SOURCE@TIME.',
    });
  }
  if (another !== undefined) {
    throw new UsageError(`"${prefix}" may be ${matches.map((seal) => seal.snapshot.id).join(' or ')}.`, {
      hint: 'Give more digits.',
    });
  }
  return match;
}

/** A seal that is there but damaged is another thing than a mistyped id. @throws {@link DamageError} */
function refuseDamage(problems: readonly Problem[], isMeant: (id: string) => boolean): void {
  const damage = problems.find(({affects, stranger}) => stranger === undefined && affects.some(isMeant));
  if (damage !== undefined) throw new DamageError(damage.object, damage.problem);
}
