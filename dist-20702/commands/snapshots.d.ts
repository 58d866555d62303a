import { RepositoryCommand } from '../cli/repository-command.ts';
import type { CheckedSeal } from '../repository/seal.ts';
interface SnapshotJson {
    readonly id: string;
    readonly source: string;
    readonly kind: string;
    readonly generation: string;
    readonly time: string;
    readonly sequence: number;
    /** `stored` is what the snapshot added to the repository, its seal included. */
    readonly bytes: CheckedSeal['bytes'];
    readonly entries: CheckedSeal['entries'];
    readonly warnings: number;
    readonly tags: readonly string[];
    /** Fingerprint of the agent that signed it. */
    readonly agent: string;
    readonly sealed: true;
}
export default class Snapshots extends RepositoryCommand {
    #private;
    static summary: string;
    static examples: string[];
    static flags: {
        source: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
        tag: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
    };
    run(): Promise<{
        snapshots: SnapshotJson[];
        problems: {
            object: string;
            problem: string;
            affects: readonly string[];
        }[];
    }>;
}
export {};
