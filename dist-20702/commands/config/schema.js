import { BaseCommand } from '../../cli/base-command.js';
import { configJsonSchema } from '../../config/schema.js';
export default class ConfigSchema extends BaseCommand {
    static summary = 'Print the JSON Schema of the config, for editors.';
    static examples = ['<%= config.bin %> <%= command.id %> > holdfast.schema.json'];
    async run() {
        await this.parse(ConfigSchema);
        const schema = configJsonSchema();
        this.log(JSON.stringify(schema, null, 2));
        return schema;
    }
}
