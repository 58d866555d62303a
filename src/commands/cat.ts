import {once} from 'node:events';
import {Args} from '@oclif/core';
import {keyFlags} from '../cli/flags.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {readFileContent} from '../operations/browse.ts';

export default class Cat extends RepositoryCommand {
  static override enableJsonFlag = false;
  static override summary = 'Write one file of a snapshot to standard output.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest:etc hosts --key ops.private.asc > hosts',
  ];
  static override args = {
    snapshot: Args.string({
      required: true,
      description: 'id or its beginning, latest, latest:SOURCE or SOURCE@TIME',
    }),
    path: Args.string({required: true, description: 'a path relative to the folder that was backed up'}),
  };
  static override flags = keyFlags;

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Cat);
    await using context = await this.open(flags);
    const {seal, source} = this.select(await context.history(), args.snapshot);
    const key = await context.key();
    const browse = {
      repository: context.repository,
      agents: context.agents,
      key: async () => key,
      signal: this.signal,
    };
    for await (const chunk of readFileContent(browse, source, seal, args.path)) {
      this.signal.throwIfAborted();
      if (!process.stdout.write(chunk)) await once(process.stdout, 'drain', {signal: this.signal});
    }
  }
}
