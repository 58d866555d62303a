import {isUtf8} from 'node:buffer';
import {once} from 'node:events';
import {Args} from '@oclif/core';
import {keyFlags} from '../cli/flags.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {UsageError} from '../errors.ts';
import {readFileContent} from '../operations/browse.ts';

interface FileContent {
  readonly snapshot: string;
  readonly path: string;
  readonly bytes: number;
  readonly encoding: 'utf8' | 'base64';
  readonly content: string;
}

/** Of a file whose content is to stand in a JSON document. */
const JSON_MOST_BYTES = 64 * 2 ** 20;

export default class Cat extends RepositoryCommand {
  static override summary = 'Write one file of a snapshot to standard output.';
  static override description =
    'With --json it is one document with the content as text, or as base64 where it is no UTF-8.';
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

  async run(): Promise<FileContent | undefined> {
    const {args, flags} = await this.parse(Cat);
    await using context = await this.open(flags);
    const {seal, source} = this.select(await context.history(), args.snapshot);
    const key = await context.key();
    const browse = {
      repository: context.repository,
      agents: context.agents,
      key: async () => key,
      signal: this.signal,
      ...this.salvaging,
    };
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of readFileContent(browse, source, seal, args.path)) {
      this.signal.throwIfAborted();
      bytes += chunk.length;
      if (this.jsonEnabled()) {
        if (bytes > JSON_MOST_BYTES)
          throw new UsageError(`${args.path} is too large for a JSON document.`, {hint: 'Leave --json out.'});
        chunks.push(Buffer.from(chunk)); // A copy: what was read is taken back.
      } else if (!process.stdout.write(chunk)) await once(process.stdout, 'drain', {signal: this.signal});
    }
    this.warnOfDamage();
    if (!this.jsonEnabled()) return undefined;
    const content = Buffer.concat(chunks);
    const encoding = isUtf8(content) ? 'utf8' : 'base64';
    return {
      snapshot: seal.snapshot.id,
      path: args.path,
      bytes,
      encoding,
      content: content.toString(encoding),
    };
  }
}
