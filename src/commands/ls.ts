import {Args, Flags} from '@oclif/core';
import {keyFlags} from '../cli/flags.ts';
import {type ListedJson, listedJson, listedLine} from '../cli/listing.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {listEntries, openForBrowsing} from '../operations/browse.ts';

export default class Ls extends RepositoryCommand {
  static override summary = 'List what a snapshot holds.';
  static override description =
    'On the machine that made the snapshot, the catalog knows; elsewhere it takes the private key.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest',
    '<%= config.bin %> <%= command.id %> latest:etc nginx --recursive',
  ];
  static override args = {
    snapshot: Args.string({
      required: true,
      description: 'id or its beginning, latest, latest:SOURCE or SOURCE@TIME',
    }),
    path: Args.string({description: 'a path relative to the folder that was backed up'}),
  };
  static override flags = {
    ...keyFlags,
    recursive: Flags.boolean({char: 'R', description: 'with everything below'}),
  };

  async run(): Promise<{snapshot: string; entries: ListedJson[]}> {
    const {args, flags} = await this.parse(Ls);
    await using context = await this.open(flags);
    const {seal, source} = this.select(await context.history(), args.snapshot);
    const browse = {
      repository: context.repository,
      agents: context.agents,
      catalog: context.existingCatalog(),
      key: () => context.optionalKey(),
      signal: this.signal,
      ...this.salvaging,
    };
    const entries = await listEntries(
      await openForBrowsing(browse, source, seal),
      args.path ?? '',
      flags.recursive,
      this.signal,
    );
    for (const entry of entries) this.log(listedLine(entry));
    this.warnOfDamage();
    return {snapshot: seal.snapshot.id, entries: entries.map(listedJson)};
  }
}
