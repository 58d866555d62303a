import {BaseCommand} from '../../cli/base-command.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {configJsonSchema} from '../../config/schema.ts';

export default class ConfigSchema extends BaseCommand {
  static override baseFlags = baseFlagsWithout('config', 'repository');
  static override summary = 'Print the JSON Schema of the config, for editors.';
  static override examples = ['<%= config.bin %> <%= command.id %> > holdfast.schema.json'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(ConfigSchema);
    const schema = configJsonSchema();
    this.log(JSON.stringify(schema, null, 2));
    return schema;
  }
}
