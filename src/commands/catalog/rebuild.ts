import {RepositoryCommand} from '../../cli/repository-command.ts';
import {type RebuildResult, rebuildCatalog} from '../../operations/rebuild-catalog.ts';

export default class CatalogRebuild extends RepositoryCommand {
  static override summary = "Rebuild the local catalog from the repository, with this machine's own key.";
  static override description = 'The next backup reads every file again, and stores almost nothing.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<RebuildResult & {path: string}> {
    const {flags} = await this.parse(CatalogRebuild);
    await using context = await this.open(flags);
    const catalog = context.catalog();
    const history = await context.history();
    this.warnOf(history.problems);
    const result = await rebuildCatalog(
      {
        repository: context.repository,
        catalog,
        agent: await context.agent(),
        onNote: (source, note) => this.logToStderr(`${source}: ${note}`),
      },
      history,
    );
    for (const {source, generation, problem} of result.skipped)
      this.warn(`${source}/${generation} is not in the catalog: ${problem}`);
    if (result.skipped.length > 0) this.incomplete();
    this.log(
      `${catalog.path}: ${result.generations} generations, ${result.snapshots} snapshots, ${result.blobs} blobs.`,
    );
    return {...result, path: catalog.path};
  }
}
