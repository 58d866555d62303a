import { BaseCommand } from '../cli/base-command.ts';
import { type Check } from '../operations/doctor-target.ts';
interface DoctorResult {
    /** Whether everything is as it has to be. */
    readonly ok: boolean;
    readonly target: string;
    readonly checks: readonly Check[];
    /** Objects that could not be removed again, and below which name they are. */
    readonly left: {
        readonly objects: number;
        readonly prefix: string;
    };
}
export default class Doctor extends BaseCommand {
    static summary: string;
    static description: string;
    static examples: string[];
    static flags: {
        target: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
        thorough: import("@oclif/core/interfaces").BooleanFlag<boolean>;
        policy: import("@oclif/core/interfaces").OptionFlag<"pruner" | "reader" | "writer" | undefined, import("@oclif/core/interfaces").CustomOptions>;
        principal: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    };
    run(): Promise<DoctorResult | {
        policy: string;
    }>;
}
export {};
