import { BaseCommand } from '../cli/base-command.ts';
export default class Version extends BaseCommand {
    static summary: string;
    static examples: string[];
    run(): Promise<{
        version: string;
        node: string;
        platform: string;
        format: number;
    }>;
}
