import {Args} from '@oclif/core';
import {keyFlags} from '../cli/flags.ts';
import {type ListedJson, listedJson} from '../cli/listing.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {displayName} from '../cli/terminal.ts';
import {diffSnapshots, type Listed, openForBrowsing} from '../operations/browse.ts';

export default class Diff extends RepositoryCommand {
  static override summary = 'Show what changed from one snapshot to another.';
  static override examples = ['<%= config.bin %> <%= command.id %> 5d35a93585c51882 latest'];
  static override args = {
    a: Args.string({required: true, description: 'the earlier snapshot'}),
    b: Args.string({required: true, description: 'the later snapshot'}),
  };
  static override flags = keyFlags;

  async run(): Promise<{
    a: string;
    b: string;
    added: ListedJson[];
    removed: ListedJson[];
    changed: ListedJson[];
  }> {
    const {args, flags} = await this.parse(Diff);
    await using context = await this.open(flags);
    const history = await context.history();
    const [a, b] = [this.select(history, args.a), this.select({...history, problems: []}, args.b)];
    const key = await context.optionalKey();
    const browse = {
      repository: context.repository,
      agents: context.agents,
      catalog: context.existingCatalog(),
      key: async () => key,
      signal: this.signal,
      ...this.salvaging,
    };
    const [left, right] = [
      await openForBrowsing(browse, a.source, a.seal),
      await openForBrowsing(browse, b.source, b.seal),
    ];
    const {added, removed, changed} = await diffSnapshots(left, right, this.signal);
    this.#tell('-', removed);
    this.#tell('+', added);
    this.#tell('M', changed);
    this.log(`${added.length} added, ${removed.length} removed, ${changed.length} changed`);
    this.warnOfDamage();
    const json = (entries: readonly Listed[]): ListedJson[] => entries.map(listedJson);
    return {
      a: a.seal.snapshot.id,
      b: b.seal.snapshot.id,
      added: json(added),
      removed: json(removed),
      changed: json(changed),
    };
  }

  #tell(mark: string, entries: readonly Listed[]): void {
    for (const {path, entry} of entries)
      this.log(`${mark} ${displayName(path)}${entry.type === 'directory' ? '/' : ''}`);
  }
}
