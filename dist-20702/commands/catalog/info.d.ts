import { RepositoryCommand } from '../../cli/repository-command.ts';
export default class CatalogInfo extends RepositoryCommand {
    static summary: string;
    static examples: string[];
    run(): Promise<{
        path: string;
        snapshots: number;
        blobs: number;
        bytes: number;
        integrity: string;
    }>;
}
