import { BaseCommand } from '../cli/base-command.ts';
interface KeygenResult {
    readonly fingerprint: string;
    /** Paths. */
    readonly publicKey: string;
    readonly privateKey: string;
    readonly revocation: string;
    readonly shares: readonly string[];
}
export default class Keygen extends BaseCommand {
    #private;
    static summary: string;
    static examples: string[];
    static args: {
        name: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
    };
    static flags: {
        output: import("@oclif/core/interfaces").OptionFlag<string, import("@oclif/core/interfaces").CustomOptions>;
        compat: import("@oclif/core/interfaces").OptionFlag<"gpg" | undefined, import("@oclif/core/interfaces").CustomOptions>;
        expires: import("@oclif/core/interfaces").OptionFlag<number | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'no-passphrase': import("@oclif/core/interfaces").BooleanFlag<boolean>;
        shares: import("@oclif/core/interfaces").OptionFlag<number | undefined, import("@oclif/core/interfaces").CustomOptions>;
        threshold: import("@oclif/core/interfaces").OptionFlag<number | undefined, import("@oclif/core/interfaces").CustomOptions>;
    };
    run(): Promise<KeygenResult>;
}
export {};
