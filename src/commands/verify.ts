import {Args, Flags} from '@oclif/core';
import {keyFlags, progressFlags, shareFlag} from '../cli/flags.ts';
import {counted, formatBytes} from '../cli/output.ts';
import {EMPTY_HINT, toldProblems} from '../cli/problems.ts';
import {RunCommand} from '../cli/run-command.ts';
import {displayName} from '../cli/terminal.ts';
import {EXIT, UsageError} from '../errors.ts';
import {rememberDamage} from '../operations/self-check.ts';
import {demandingSnapshots, type VerifyLevel, type VerifyResult, verify} from '../operations/verify.ts';
import {useLittleMemory} from '../system/memory.ts';

const AFFECTED_SHOWN = 10;

const LEVELS: Record<VerifyLevel, string> = {
  structure: 'signatures, the chain of seals, and that everything they need is stored; no key',
  ciphertext: 'also every byte against its name, and whom it is encrypted to; no key',
  content: 'also that it decrypts and decompresses to what was backed up; needs the key',
};

export default class Verify extends RunCommand {
  static override summary = 'Check that everything is there, unaltered and readable.';
  static override description = Object.entries(LEVELS)
    .map(([level, what]) => `${level}: ${what}`)
    .join('\n');
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --level ciphertext --sample 10%',
    '<%= config.bin %> <%= command.id %> --store-checksums --sample 5%',
    '<%= config.bin %> <%= command.id %> latest --level content --key ops.private.asc',
  ];
  static override args = {snapshot: Args.string({description: 'only this one; everything by default'})};
  static override flags = {
    ...keyFlags,
    ...progressFlags,
    level: Flags.option({
      options: ['structure', 'ciphertext', 'content'] as const,
      description: 'how deep; content with --key, else ciphertext',
    })(),
    'store-checksums': Flags.boolean({
      description:
        'for ciphertext: believe the checksum that the storage keeps of an object (SHA-256, or the MD5 of a pack), and read only what it keeps none of; finds what was stored wrongly, not a storage that lies',
    }),
    sample: shareFlag({description: 'read only so many of the packs, at random'}),
  };

  async run(): Promise<VerifyResult> {
    const {args, flags} = await this.parse(Verify);
    useLittleMemory('unpack'); // Before threads start.
    const level = flags.level ?? (flags.key === undefined ? 'ciphertext' : 'content');
    if (flags['store-checksums'] && level !== 'ciphertext')
      throw new UsageError(`--store-checksums does not go with the level ${level}.`, {
        hint: 'Use it with --level ciphertext.',
      });
    const {sample} = flags;
    await this.announce(flags, 'verify');
    await using context = await this.open(flags);
    const history = await context.history();
    const verified = await verify(
      {
        repository: context.repository,
        agents: context.agents,
        key: level === 'content' ? await context.key() : undefined,
        signal: this.signal,
        onProgress: this.showProgress,
      },
      history,
      {
        level,
        sample,
        storeChecksums: flags['store-checksums'],
        seal:
          args.snapshot === undefined
            ? undefined
            : this.select({...history, problems: []}, args.snapshot).seal,
      },
    );
    const result = demandingSnapshots(verified, context.target.label);
    // Where this is a machine that backs up, its next backup stores again what is lost.
    if (flags.repository === undefined) {
      const {repository, agents} = context;
      const catalog = context.existingCatalog();
      const now = () => new Date();
      if (catalog !== undefined) rememberDamage({repository, catalog, agents, now}, history, result.problems);
    }
    const problems = toldProblems(result.problems);
    for (const {object, problem, affects} of problems) {
      this.log(`${displayName(object)}: ${problem}`);
      for (const affected of affects.slice(0, AFFECTED_SHOWN)) this.log(`  affects ${displayName(affected)}`);
      if (affects.length > AFFECTED_SHOWN) this.log(`  and ${affects.length - AFFECTED_SHOWN} more`);
    }
    this.#tellUnsealed(result);
    if (result.marked > 0)
      this.log(`${counted(result.marked, 'object')} of pruned snapshots: the next prune sweeps what is due.`);
    const checked = `${counted(result.snapshots, 'snapshot')}, ${counted(result.packs, 'pack')}, ${formatBytes(result.bytes)}`;
    const found = result.ok ? 'No problems' : counted(problems.length, 'problem');
    const {byStore} = result;
    if (flags['store-checksums'])
      this.log(
        byStore.objects > 0
          ? `Not read, for the storage keeps the right checksum and was believed: ${counted(byStore.objects, 'object')}, ${formatBytes(byStore.bytes)}.`
          : 'The storage keeps no checksum that can be compared with these objects: they were read.',
      );
    this.log(`Verified (${level}): ${checked}. ${found}.`);
    if (!result.ok) {
      // Whoever sends standard output elsewhere must see it, too.
      this.warn(`Not verified: ${found} in ${context.target.label}.`);
      if (result.snapshots === 0) this.logToStderr(`Hint: ${EMPTY_HINT}`);
      this.endWith(EXIT.notVerified);
    }
    return result;
  }

  /** What no seal names is an unfinished run's only where nothing says that seals are missing. */
  #tellUnsealed({unfinished, unsealed, ok}: VerifyResult): void {
    const are = (count: number, noun: string): string =>
      `${counted(count, noun)} ${count === 1 ? 'belongs' : 'belong'}`;
    if (!ok && unfinished > 0) this.log(`${are(unfinished, 'object')} to no snapshot that counts.`);
    else if (unsealed > 0)
      this.log(
        `${are(unfinished, 'object')} to no snapshot (${counted(unsealed, 'snapshot object')} without a seal): either a backup was cut off right at its end, which harms nothing (unfinished), or a seal was removed.`,
      );
    else if (unfinished > 0)
      this.log(
        `${are(unfinished, 'object')} to no snapshot: left by an unfinished run, which the next backup resumes.`,
      );
  }
}
