import type {CatalogFacts} from '../../catalog/catalog.ts';
import {counted, formatBytes} from '../../cli/output.ts';
import {RepositoryCommand} from '../../cli/repository-command.ts';
import {EXIT} from '../../errors.ts';

export default class CatalogInfo extends RepositoryCommand {
  static override summary = 'Show what the local catalog holds, and whether it is sound.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<CatalogFacts> {
    const {flags} = await this.parse(CatalogInfo);
    await using context = await this.open(flags);
    const info = context.catalog().facts();
    this.log(
      `${info.path}: ${formatBytes(info.bytes)}, ${counted(info.snapshots, 'snapshot')}, ${counted(info.blobs, 'blob')}, integrity: ${info.integrity}`,
    );
    if (info.integrity !== 'ok') this.endWith(EXIT.notVerified);
    return info;
  }
}
