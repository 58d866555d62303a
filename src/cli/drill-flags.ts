import {Args, Flags} from '@oclif/core';
import {parseShare} from '../config/drill-schema.ts';
import {UsageError} from '../errors.ts';
import {durationFlag} from './flags.ts';

/** Which drill of the history. */
export const drillArgs = {
  id: Args.string({
    required: true,
    description: 'id of the drill or its beginning, latest, or latest:NAME',
  }),
};

/** What a drill without a config can be told; for a named one they go before its own settings. */
export const drillFlags = {
  snapshot: Flags.string({
    helpValue: 'SNAPSHOT',
    description:
      'which one: an id or its beginning, latest, latest:SOURCE, SOURCE@TIME; or, with --source: latest, oldest, random, full, incremental, both',
    exclusive: ['last-run'],
  }),
  source: Flags.string({
    multiple: true,
    helpValue: 'SOURCE',
    description: 'of this source; several are restored together, at the nearest common time',
  }),
  within: durationFlag({description: 'with --snapshot random: how far back'}),
  'last-run': Flags.boolean({description: 'the newest snapshot of each source, one drill each'}),
  'key-only': Flags.boolean({
    description: 'only open every generation with the key: that it still does is known in a moment',
    exclusive: ['snapshot', 'source', 'last-run', 'sample'],
  }),
  sample: Flags.custom<number>({
    helpValue: 'SHARE',
    parse: async (value) => {
      const share = parseShare(value);
      if (share === undefined)
        throw new UsageError(`--sample: "${value}" is no share`, {hint: 'Write it like 5%.'});
      return share;
    },
    description: 'restore only this share of the files, such as 5%; that is no proof of the whole',
  })(),
  matters: Flags.string({
    multiple: true,
    helpValue: 'PATTERN',
    description: 'with a sample: these files in any case; syntax of .gitignore',
  }),
  into: Flags.string({
    helpValue: 'URL',
    description:
      'an empty database server, instead of one that the drill starts; never the one that was dumped',
  }),
  programs: Flags.string({helpValue: 'DIR', description: "the folder of the database server's programs"}),
  work: Flags.string({
    helpValue: 'DIR',
    description: 'where the restored data lies meanwhile; by default the folder for temporary files',
  }),
  rto: durationFlag({description: 'fail if it takes longer until everything is back and checked'}),
  rpo: durationFlag({description: 'fail if the data is older'}),
  report: Flags.boolean({
    allowNo: true,
    default: true,
    description: 'put the signed report into the repository',
  }),
};
