import { BaseCommand } from '../../cli/base-command.js';
import { checkConfig } from '../../config/config.js';
import { configPlaces, findConfig } from '../../config/file.js';
import { ConfigError, EXIT } from '../../errors.js';
export default class ConfigCheck extends BaseCommand {
    static summary = 'Check the config, and say where it is wrong.';
    static examples = [
        '<%= config.bin %> <%= command.id %>',
        '<%= config.bin %> <%= command.id %> --config /etc/holdfast/holdfast.yaml --json',
    ];
    async run() {
        const { flags } = await this.parse(ConfigCheck);
        const place = { flag: flags.config, env: process.env, cwd: process.cwd() };
        const config = await findConfig(place);
        if (config === undefined) {
            throw new ConfigError(`There is no config: none of ${configPlaces(place).join(', ')} exists.`, {
                hint: 'Run "holdfast init" to have one written, or name it with --config.',
            });
        }
        const problems = await checkConfig({ path: config, env: process.env });
        for (const { line, column, message } of problems)
            this.log(`${config}:${line}:${column}: ${message}`);
        if (problems.length === 0)
            this.log(`${config} is valid.`);
        else
            this.endWith(EXIT.usage);
        return {
            ok: problems.length === 0,
            config,
            problems: problems.map(({ path, line, column, message }) => ({ path, line, column, message })),
        };
    }
}
