import { RepositoryCommand } from '../cli/repository-command.ts';
import { type ReplicateResult } from '../operations/replicate.ts';
export default class Replicate extends RepositoryCommand {
    static summary: string;
    static description: string;
    static examples: string[];
    static flags: {
        progress: import("@oclif/core/interfaces").OptionFlag<"auto" | "json" | "none", import("@oclif/core/interfaces").CustomOptions>;
        to: import("@oclif/core/interfaces").OptionFlag<string, import("@oclif/core/interfaces").CustomOptions>;
        create: import("@oclif/core/interfaces").BooleanFlag<boolean>;
    };
    run(): Promise<ReplicateResult>;
}
