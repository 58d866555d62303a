import type {CatalogFacts} from '../../catalog/catalog.ts';
import {counted, formatBytes} from '../../cli/output.ts';
import {RepositoryCommand} from '../../cli/repository-command.ts';
import {EXIT} from '../../errors.ts';
import {type RebuildResult, rebuildCatalog} from '../../operations/rebuild-catalog.ts';

export default class CatalogRebuild extends RepositoryCommand {
  static override summary = "Rebuild the local catalog from the repository, with this machine's own key.";
  static override description = 'The next backup reads every file again, and stores almost nothing.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<RebuildResult & CatalogFacts> {
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
    for (const {source, generation, problem, byOther} of result.skipped) {
      if (byOther) this.logToStderr(`${source}/${generation}: ${problem}.`);
      else this.warn(`${source}/${generation} is not in the catalog: ${problem}`);
    }
    if (result.skipped.some(({byOther}) => !byOther)) this.incomplete();
    const facts = catalog.facts();
    this.log(
      `${facts.path}: ${formatBytes(facts.bytes)}, ${counted(result.generations, 'generation')}, ${counted(facts.snapshots, 'snapshot')}, ${counted(facts.blobs, 'blob')}, integrity: ${facts.integrity}`,
    );
    if (facts.integrity !== 'ok') this.endWith(EXIT.notVerified);
    return {...result, ...facts};
  }
}
