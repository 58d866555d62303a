import { BaseCommand } from '../cli/base-command.js';
import { FORMAT } from '../repository/layout.js';
export default class Version extends BaseCommand {
    static summary = 'Show the version of Holdfast, of Node, and of the repository format.';
    static examples = ['<%= config.bin %> <%= command.id %>'];
    async run() {
        await this.parse(Version);
        const { name, version, platform, arch } = this.config;
        this.log(`${name}/${version} ${platform}-${arch} node-${process.version}, repository format ${FORMAT}`);
        return { version, node: process.version, platform: `${platform}-${arch}`, format: FORMAT };
    }
}
