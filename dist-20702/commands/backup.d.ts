import { type ErrorJson } from '../cli/output.ts';
import { RepositoryCommand } from '../cli/repository-command.ts';
import { type BackedUp } from '../operations/backup.ts';
import type { Problem } from '../repository/chain.ts';
interface BackupJson {
    readonly snapshots: readonly BackedUp[];
    /** Sources of which no snapshot was made. */
    readonly failures: readonly ({
        source: string;
    } & ErrorJson)[];
    /** Damage in the history that did not stop the backup. */
    readonly problems: readonly Problem[];
}
export default class Backup extends RepositoryCommand {
    #private;
    static summary: string;
    static examples: string[];
    static strict: boolean;
    static args: {
        source: import("@oclif/core/interfaces").Arg<string[] | undefined, Record<string, unknown>>;
    };
    static flags: {
        progress: import("@oclif/core/interfaces").OptionFlag<"auto" | "json" | "none", import("@oclif/core/interfaces").CustomOptions>;
        full: import("@oclif/core/interfaces").BooleanFlag<boolean>;
        tag: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        stdin: import("@oclif/core/interfaces").BooleanFlag<boolean>;
        name: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'dry-run': import("@oclif/core/interfaces").BooleanFlag<boolean>;
        'allow-empty': import("@oclif/core/interfaces").BooleanFlag<boolean>;
        key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        'accept-history': import("@oclif/core/interfaces").BooleanFlag<boolean>;
    };
    run(): Promise<BackupJson>;
}
export {};
