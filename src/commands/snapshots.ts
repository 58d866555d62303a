import {Flags} from '@oclif/core';
import {counted, formatBytes, renderTable} from '../cli/output.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {lockEnds} from '../operations/lock-ends.ts';
import {type Proof, provenSnapshots} from '../repository/drill-history.ts';
import {isPinned, readPins} from '../repository/pins.ts';
import type {CheckedSeal} from '../repository/seal.ts';

interface SnapshotJson {
  readonly id: string;
  readonly source: string;
  readonly kind: string;
  readonly generation: string;
  readonly time: string;
  readonly sequence: number;
  /** `stored` is what the snapshot added to the repository, its seal included. */
  readonly bytes: CheckedSeal['bytes'];
  readonly entries: CheckedSeal['entries'];
  readonly warnings: number;
  readonly tags: readonly string[];
  /** Why it does not count as a good one; empty if nothing is suspicious. */
  readonly suspect: readonly string[];
  /** Fingerprint of the agent that signed it. */
  readonly agent: string;
  readonly sealed: true;
  /** Until when its seal is locked, where the configuration has `lock`; null if it is not. */
  readonly lockedUntil?: string | null;
  /** When a drill last restored all of it, with every check passed; null if none did. */
  readonly lastProven: string | null;
  /** Whether it is kept regardless of the retention. */
  readonly pinned: boolean;
}

export default class Snapshots extends RepositoryCommand {
  static override summary = 'List the snapshots. Needs no key.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --source etc --json',
  ];
  static override flags = {
    source: Flags.string({multiple: true, helpValue: 'SOURCE', description: 'only of this source'}),
    tag: Flags.string({multiple: true, helpValue: 'TAG', description: 'only with this tag'}),
  };

  async run(): Promise<{
    snapshots: SnapshotJson[];
    problems: {object: string; problem: string; affects: readonly string[]}[];
  }> {
    const {flags} = await this.parse(Snapshots);
    await using context = await this.open(flags);
    const history = await context.history();
    this.checkSources(flags.source, history, context.config);
    const seals = history.sources
      .flatMap((source) => source.seals)
      .filter((seal) => flags.source === undefined || flags.source.includes(seal.source))
      .filter((seal) => flags.tag === undefined || flags.tag.some((tag) => seal.tags.includes(tag)))
      .sort((a, b) => (a.started < b.started ? -1 : a.started > b.started ? 1 : a.sequence - b.sequence));
    if (seals.length === 0) this.log('No snapshots.');
    // Only where it was asked for: it takes a request for each.
    const locks = context.target.lock && (await lockEnds(context.target, seals, this.signal));
    const {reports, problems} = await context.drills();
    const proven = new Map(history.sources.flatMap((source) => [...provenSnapshots(source, reports)]));
    const pins = await Promise.all(
      history.sources.map(({source}) => readPins(context.repository, source, context.trust)),
    );
    const pinned = new Set(
      seals.filter(({hash}) => pins.some((some) => isPinned(some, hash))).map(({hash}) => hash),
    );
    if (seals.length > 0) this.log(this.#table(seals, {locks, proven, pinned}));
    this.warnOf([...history.problems, ...problems]);
    return {
      snapshots: seals.map((seal) => ({
        ...asJson(seal, proven.get(seal.snapshot.id), pinned.has(seal.hash)),
        ...(locks && {lockedUntil: isoTime(locks.get(seal.hash))}),
      })),
      problems: [...history.problems, ...problems].map(({object, problem, affects}) => ({
        object,
        problem,
        affects,
      })),
    };
  }

  /** Fits 80 columns. */
  #table(
    seals: readonly CheckedSeal[],
    {
      locks,
      proven,
      pinned,
    }: {
      locks: ReadonlyMap<string, number> | undefined;
      proven: ReadonlyMap<string, Proof>;
      pinned: ReadonlySet<string>;
    },
  ): string {
    const hasTags = seals.some(({tags}) => tags.length > 0);
    return renderTable(
      [
        {title: 'SNAPSHOT'},
        {title: 'TIME (UTC)'},
        {title: 'SOURCE', flexible: true},
        {title: 'KIND'},
        {title: 'ENTRIES', align: 'right'},
        {title: 'SIZE', align: 'right'},
        {title: 'STORED', align: 'right'},
        ...(locks ? [{title: 'LOCKED'}] : []),
        ...(proven.size > 0 ? [{title: 'PROVEN'}] : []),
        ...(hasTags ? [{title: 'TAGS', flexible: true}] : []),
      ],
      seals.map((seal) => [
        seal.snapshot.id,
        seal.started.slice(0, 16).replace('T', ' '),
        seal.source,
        (seal.kind === 'full' ? 'full' : 'incr.') +
          (seal.suspect === undefined ? '' : ', suspect') +
          (pinned.has(seal.hash) ? ', pinned' : '') +
          (seal.warnings > 0 ? `, ${counted(seal.warnings, 'warning')}` : ''),
        String(seal.entries.total),
        formatBytes(seal.bytes.source),
        formatBytes(storedBytes(seal)),
        ...(locks ? [isoTime(locks.get(seal.hash))?.slice(0, 10) ?? ''] : []),
        ...(proven.size > 0 ? [proven.get(seal.snapshot.id)?.report.finished.slice(0, 10) ?? ''] : []),
        seal.tags.join(' '),
      ]),
      this.output.width,
    );
  }
}

/** A seal cannot say how large it is itself. */
function storedBytes({bytes, objectBytes}: CheckedSeal): number {
  return bytes.stored + objectBytes;
}

/** Null where there is no end that a date could name. */
function isoTime(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}

function asJson(seal: CheckedSeal, proof: Proof | undefined, pinned: boolean): SnapshotJson {
  const {source, kind, generation, started, sequence, bytes, entries, warnings, tags, agent} = seal;
  return {
    id: seal.snapshot.id,
    source,
    kind,
    generation,
    time: started,
    sequence,
    bytes: {...bytes, stored: storedBytes(seal)},
    entries,
    warnings,
    tags,
    suspect: seal.suspect ?? [],
    agent,
    lastProven: proof?.report.finished ?? null,
    pinned,
    sealed: true,
  };
}
