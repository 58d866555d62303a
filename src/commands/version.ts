import {BaseCommand} from '../cli/base-command.ts';
import {baseFlagsWithout} from '../cli/flags.ts';
import {FORMAT} from '../repository/layout.ts';

export default class Version extends BaseCommand {
  static override baseFlags = baseFlagsWithout('config', 'repository');
  static override summary = 'Show the version of Holdfast, of Node, and of the repository format.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{version: string; node: string; platform: string; format: number}> {
    await this.parse(Version);
    const {name, version, platform, arch} = this.config;
    this.log(`${name}/${version} ${platform}-${arch} node-${process.version}, repository format ${FORMAT}`);
    return {version, node: process.version, platform: `${platform}-${arch}`, format: FORMAT};
  }
}
