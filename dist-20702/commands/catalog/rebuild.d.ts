import { RepositoryCommand } from '../../cli/repository-command.ts';
import { type RebuildResult } from '../../operations/rebuild-catalog.ts';
export default class CatalogRebuild extends RepositoryCommand {
    static summary: string;
    static description: string;
    static examples: string[];
    run(): Promise<RebuildResult & {
        path: string;
    }>;
}
