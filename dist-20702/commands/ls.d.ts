import { type ListedJson } from '../cli/listing.ts';
import { RepositoryCommand } from '../cli/repository-command.ts';
export default class Ls extends RepositoryCommand {
    static summary: string;
    static description: string;
    static examples: string[];
    static args: {
        snapshot: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
        path: import("@oclif/core/interfaces").Arg<string | undefined, Record<string, unknown>>;
    };
    static flags: {
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        recursive: import("@oclif/core/interfaces").BooleanFlag<boolean>;
    };
    run(): Promise<{
        snapshot: string;
        entries: ListedJson[];
    }>;
}
