import { type ListedJson } from '../cli/listing.ts';
import { RepositoryCommand } from '../cli/repository-command.ts';
export default class Diff extends RepositoryCommand {
    #private;
    static summary: string;
    static examples: string[];
    static args: {
        a: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
        b: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
    };
    static flags: {
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    };
    run(): Promise<{
        a: string;
        b: string;
        added: ListedJson[];
        removed: ListedJson[];
        changed: ListedJson[];
    }>;
}
