import { BaseCommand } from '../../cli/base-command.ts';
interface ConfigCheckResult {
    readonly ok: boolean;
    readonly config: string;
    readonly problems: readonly {
        path: string;
        line: number;
        column: number;
        message: string;
    }[];
}
export default class ConfigCheck extends BaseCommand {
    static summary: string;
    static examples: string[];
    run(): Promise<ConfigCheckResult>;
}
export {};
