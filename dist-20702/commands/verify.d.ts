import { RepositoryCommand } from '../cli/repository-command.ts';
import { type VerifyResult } from '../operations/verify.ts';
export default class Verify extends RepositoryCommand {
    #private;
    static summary: string;
    static description: string;
    static examples: string[];
    static args: {
        snapshot: import("@oclif/core/interfaces").Arg<string | undefined, Record<string, unknown>>;
    };
    static flags: {
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        progress: import("@oclif/core/interfaces").OptionFlag<"auto" | "json" | "none", import("@oclif/core/interfaces").CustomOptions>;
        level: import("@oclif/core/interfaces").OptionFlag<"ciphertext" | "content" | "structure" | undefined, import("@oclif/core/interfaces").CustomOptions>;
        sample: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    };
    run(): Promise<VerifyResult>;
}
