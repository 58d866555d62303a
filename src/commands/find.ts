import {Args, Flags} from '@oclif/core';
import {keyFlags} from '../cli/flags.ts';
import {type ListedJson, listedJson, listedLine} from '../cli/listing.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {findEntries, openForBrowsing} from '../operations/browse.ts';
import type {History} from '../repository/history.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {compileExcludes} from '../sources/folder/exclude.ts';

export default class Find extends RepositoryCommand {
  static override summary = 'Find files in snapshots: in the newest of each source, or in those named.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> '*.conf'",
    '<%= config.bin %> <%= command.id %> /etc/nginx --all',
  ];
  static override args = {
    pattern: Args.string({required: true, description: 'a pattern in the syntax of .gitignore'}),
  };
  static override flags = {
    ...keyFlags,
    snapshot: Flags.string({multiple: true, helpValue: 'SNAPSHOT', description: 'look into this one'}),
    source: Flags.string({multiple: true, helpValue: 'SOURCE', description: 'only of this source'}),
    all: Flags.boolean({description: 'look into all snapshots', exclusive: ['snapshot']}),
  };

  async run(): Promise<{entries: (ListedJson & {snapshot: string; source: string})[]}> {
    const {args, flags} = await this.parse(Find);
    const matches = compileExcludes([args.pattern]);
    await using context = await this.open(flags);
    const history = await context.history();
    this.warnOf(history.problems);
    this.checkSources(flags.source, history, context.config);
    const entries: (ListedJson & {snapshot: string; source: string})[] = [];
    const key = once(() => context.optionalKey());
    const browse = {
      repository: context.repository,
      agents: context.agents,
      catalog: context.existingCatalog(),
      key,
      signal: this.signal,
      ...this.salvaging,
    };
    for (const seal of this.#chosen(history, flags)) {
      const source = history.sources.find((candidate) => candidate.source === seal.source);
      if (source === undefined) continue;
      const found = await findEntries(await openForBrowsing(browse, source, seal), matches, this.signal);
      if (found.length > 0) this.log(`${seal.snapshot.id} ${seal.source} ${seal.started}`);
      for (const entry of found) {
        this.log(`  ${listedLine(entry)}`);
        entries.push({...listedJson(entry), snapshot: seal.snapshot.id, source: seal.source});
      }
    }
    if (entries.length === 0) this.log('Nothing found.');
    this.warnOfDamage();
    return {entries};
  }

  #chosen(
    history: History,
    {snapshot, source, all}: {snapshot?: string[] | undefined; source?: string[] | undefined; all: boolean},
  ): CheckedSeal[] {
    if (snapshot !== undefined)
      return snapshot.map((reference) => this.select({...history, problems: []}, reference).seal);
    const sources = history.sources.filter(
      (candidate) => source === undefined || source.includes(candidate.source),
    );
    return sources.flatMap(({seals}) => (all ? seals : seals.slice(-1)));
  }
}

/** A passphrase is asked for once, and only if it is needed. */
function once<T>(get: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => {
    value ??= get();
    return value;
  };
}
