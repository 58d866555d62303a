import { BaseCommand } from '../cli/base-command.ts';
interface InitResult {
    readonly repositoryId: string;
    readonly repository: string;
    readonly created: boolean;
    /** Fingerprint. */
    readonly agent: string;
    readonly agentKey: string;
    readonly config: string;
    readonly catalog: string;
    readonly recipients: readonly string[];
}
export default class Init extends BaseCommand {
    #private;
    static summary: string;
    static description: string;
    static examples: string[];
    static args: {
        repository: import("@oclif/core/interfaces").Arg<string | undefined, Record<string, unknown>>;
    };
    static flags: {
        'repository-id': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        recipient: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        create: import("@oclif/core/interfaces").BooleanFlag<boolean>;
        join: import("@oclif/core/interfaces").BooleanFlag<boolean>;
    };
    run(): Promise<InitResult>;
}
export {};
