import { type ListedJson } from '../cli/listing.ts';
import { RepositoryCommand } from '../cli/repository-command.ts';
export default class Find extends RepositoryCommand {
    #private;
    static summary: string;
    static examples: string[];
    static args: {
        pattern: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
    };
    static flags: {
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        snapshot: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        source: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        all: import("@oclif/core/interfaces").BooleanFlag<boolean>;
    };
    run(): Promise<{
        entries: (ListedJson & {
            snapshot: string;
            source: string;
        })[];
    }>;
}
