/** What a drill may say in the config. */
import {z} from 'zod';
import {SOURCE_NAME_PATTERN, sourceNameProblem} from './names.ts';
import {cron} from './schedule-schema.ts';
import {parseDuration} from './units.ts';
import {checked, command, path, problemCheck, text} from './values.ts';

const source = z.string().check(problemCheck(sourceNameProblem)).meta({pattern: SOURCE_NAME_PATTERN});
const period = z
  .string()
  .check(checked(parseDuration))
  .meta({examples: ['26h']});

/** Each tells the kind of a check; a check has one of them. */
export const CHECK_KINDS = ['command', 'fileExists', 'contains', 'http', 'sql'] as const;
const ASSERTIONS = ['equals', 'atLeast', 'atMost', 'sameAsWitness', 'maxAge'] as const;

const contains = z.strictObject({file: text, text});
const http = z.strictObject({
  url: text.describe(
    'Such as http://127.0.0.1:{port}/health; {port} is a free one, which the program gets as PORT.',
  ),
  start: command.optional(),
  status: z.int().min(100).max(599).optional().describe('200 by default.'),
  contains: text.optional().describe('What the answer must contain.'),
  within: period.optional().describe('How long it may take until the answer is right; 30s by default.'),
});

const check = z
  .strictObject({
    name: text.optional().describe('What reports call it. Everybody who sees the storage can read that.'),
    source: source.optional().describe('Which source of a group it is about; the first by default.'),
    command: command.optional(),
    fileExists: text.optional(),
    contains: contains.optional().describe('A file, and what it must contain.'),
    http: http.optional(),
    sql: text.optional().describe('A query with one value as its answer.'),
    database: text.optional().describe('For sql: which database of a dump that has several.'),
    equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    sameAsWitness: text
      .optional()
      .describe('A table: the answer is the number of rows that it had at the dump.'),
    maxAge: period.optional().describe('How old the time may be that is the answer.'),
  })
  .check(({value, issues}) => {
    const complain = (message: string): void => {
      issues.push({code: 'custom', message, params: {}, input: value, path: []});
    };
    const kinds = CHECK_KINDS.filter((kind) => value[kind] !== undefined);
    const assertions = ASSERTIONS.filter((assertion) => value[assertion] !== undefined);
    if (kinds.length !== 1) complain(`needs one of ${CHECK_KINDS.map((kind) => `\`${kind}\``).join(', ')}`);
    else if (value.sql === undefined && assertions.length > 0)
      complain(`has \`${assertions[0]}\`, which belongs to \`sql\``);
    else if (value.sql !== undefined && assertions.length === 0)
      complain(`needs one of ${ASSERTIONS.map((assertion) => `\`${assertion}\``).join(', ')}`);
  });

export const drillSchema = z
  .strictObject({
    source: source.optional(),
    group: z.array(source).min(2).optional().describe('Sources that are restored together, in this order.'),
    snapshot: text
      .optional()
      .describe('latest (the default), oldest, random, full, incremental, both, an id, or SOURCE@TIME.'),
    within: period.optional().describe('How far back a random snapshot may be.'),
    schedule: cron.optional().describe('When it is due, as in crontab: "0 5 * * 0"; see `schedule run`.'),
    key: text.optional().describe('The private key, as for --key.'),
    passphraseFile: path.optional(),
    into: text
      .optional()
      .describe('throwaway (the default): a server that the drill starts; or the URL of an empty one.'),
    programs: path
      .optional()
      .describe("The folder of the database server's programs, where they are not found by themselves."),
    sample: z
      .string()
      .check(problemCheck(sampleProblem))
      .optional()
      .describe('Restore only this share of the files, such as 5%.'),
    matters: z.array(text).optional().describe('Patterns of files that are restored with every sample.'),
    work: path.optional().describe('The folder in which the restored data lies meanwhile.'),
    checks: z.array(check).optional(),
    objectives: z
      .strictObject({
        rto: period.optional().describe('How long until everything is back and checked.'),
        rpo: period.optional().describe('How old the data may be.'),
      })
      .optional()
      .describe('Missing one fails the drill.'),
  })
  .check(({value, issues}) => {
    if ((value.source === undefined) !== (value.group === undefined)) return;
    issues.push({
      code: 'custom',
      message: 'needs `source` or `group`, and not both',
      params: {},
      input: value,
      path: [],
    });
  });

export type DrillInput = z.infer<typeof drillSchema>;
export type CheckInput = z.infer<typeof check>;

/** The keys that may stand at a place within a drill, for suggestions. */
export function drillKeys(place: readonly PropertyKey[]): string[] {
  const [key, , inner] = place;
  if (key === undefined) return Object.keys(drillSchema.shape);
  if (key === 'objectives') return ['rto', 'rpo'];
  if (key !== 'checks' || place.length === 1) return [];
  if (place.length === 2) return Object.keys(check.shape);
  return inner === 'http'
    ? Object.keys(http.shape)
    : inner === 'contains'
      ? Object.keys(contains.shape)
      : ['shell'];
}

/** What is wrong with a share such as `5%`, as the end of a sentence. */
function sampleProblem(value: string): string | undefined {
  return parseShare(value) === undefined ? 'is no share; write it like 5%' : undefined;
}

/** `5%` as 0.05; undefined if it is none above 0 and up to 100 %. */
export function parseShare(value: string): number | undefined {
  const percent = /^\d{1,3}(?:\.\d{1,3})?%$/.test(value) ? Number(value.slice(0, -1)) : 0;
  return percent > 0 && percent <= 100 ? percent / 100 : undefined;
}
