import { RepositoryCommand } from '../cli/repository-command.ts';
export default class Cat extends RepositoryCommand {
    static enableJsonFlag: boolean;
    static summary: string;
    static examples: string[];
    static args: {
        snapshot: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
        path: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
    };
    static flags: {
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    };
    run(): Promise<void>;
}
