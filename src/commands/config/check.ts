import {BaseCommand} from '../../cli/base-command.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {checkConfig, loadConfig} from '../../config/config.ts';
import {configPlaces, findConfig} from '../../config/file.ts';
import {ConfigError, EXIT} from '../../errors.ts';
import {placeOf} from '../../operations/backup-read.ts';

interface ConfigCheckResult {
  readonly ok: boolean;
  readonly config: string;
  readonly problems: readonly {path: string; line: number; column: number; message: string}[];
  /** Of a valid config: each source, and what it is. */
  readonly sources: readonly {source: string; what: string}[];
}

export default class ConfigCheck extends BaseCommand {
  static override baseFlags = baseFlagsWithout('repository');
  static override summary = 'Check the config, and say where it is wrong.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config /etc/holdfast/holdfast.yaml --json',
  ];

  async run(): Promise<ConfigCheckResult> {
    const {flags} = await this.parse(ConfigCheck);
    const place = {flag: flags.config, env: process.env, cwd: process.cwd()};
    const config = await findConfig(place);
    if (config === undefined) {
      throw new ConfigError(`There is no config: none of ${configPlaces(place).join(', ')} exists.`, {
        hint: 'Run "holdfast init" to have one written, or name it with --config.',
      });
    }
    const problems = await checkConfig({path: config, env: process.env});
    for (const {line, column, message} of problems) this.log(`${config}:${line}:${column}: ${message}`);
    const sources: {source: string; what: string}[] = [];
    if (problems.length === 0) {
      this.log(`${config} is valid.`);
      for (const [source, settings] of (await loadConfig({path: config, env: process.env})).sources)
        sources.push({source, what: placeOf(settings)});
      for (const {source, what} of sources) this.log(`  ${source}: ${what}`);
    } else this.endWith(EXIT.usage);
    return {
      ok: problems.length === 0,
      config,
      sources,
      problems: problems.map(({path, line, column, message}) => ({path, line, column, message})),
    };
  }
}
