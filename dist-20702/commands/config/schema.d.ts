import { BaseCommand } from '../../cli/base-command.ts';
export default class ConfigSchema extends BaseCommand {
    static summary: string;
    static examples: string[];
    run(): Promise<Record<string, unknown>>;
}
