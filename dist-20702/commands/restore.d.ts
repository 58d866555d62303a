import { RepositoryCommand } from '../cli/repository-command.ts';
import { type RestoreResult } from '../operations/restore.ts';
import { type RestoreDatabaseResult } from '../operations/restore-database.ts';
type RestoreDatabaseJson = RestoreDatabaseResult & {
    readonly seconds: number;
    readonly to: null;
};
type RestoreJson = RestoreResult & {
    readonly seconds: number;
    readonly to: string | null;
};
export default class Restore extends RepositoryCommand {
    #private;
    static summary: string;
    static description: string;
    static examples: string[];
    static args: {
        snapshot: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
    };
    static flags: {
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        progress: import("@oclif/core/interfaces").OptionFlag<"auto" | "json" | "none", import("@oclif/core/interfaces").CustomOptions>;
        to: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        database: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        from: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'in-place': import("@oclif/core/interfaces").BooleanFlag<boolean>;
        roles: import("@oclif/core/interfaces").BooleanFlag<boolean>;
        tar: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        include: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        exclude: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        overwrite: import("@oclif/core/interfaces").OptionFlag<"always" | "changed" | "never", import("@oclif/core/interfaces").CustomOptions>;
        'dry-run': import("@oclif/core/interfaces").BooleanFlag<boolean>;
        owners: import("@oclif/core/interfaces").BooleanFlag<boolean>;
        special: import("@oclif/core/interfaces").BooleanFlag<boolean>;
    };
    run(): Promise<RestoreJson | RestoreDatabaseJson>;
}
export {};
