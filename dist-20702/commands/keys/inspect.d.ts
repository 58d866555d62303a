import { BaseCommand } from '../../cli/base-command.ts';
import { type KeyFacts } from '../../crypto/keys.ts';
export default class KeysInspect extends BaseCommand {
    static summary: string;
    static examples: string[];
    static args: {
        file: import("@oclif/core/interfaces").Arg<string, Record<string, unknown>>;
    };
    run(): Promise<KeyFacts>;
}
