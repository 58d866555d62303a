/** Who is told how runs ended, as it stands in the config. */
import {z} from 'zod';
import {metricsShape} from './metrics-schema.ts';
import {command, path, problemCheck, text} from './values.ts';

/** What somebody may want to be told of. */
export const NOTIFY_EVENTS = ['success', 'warning', 'failure', 'suspect', 'stale', 'drill'] as const;

export type NotifyEventName = (typeof NOTIFY_EVENTS)[number];

const on = z
  .array(
    z.enum(NOTIFY_EVENTS, {error: `is none of ${NOTIFY_EVENTS.map((name) => `\`${name}\``).join(', ')}`}),
  )
  .min(1)
  .optional()
  .describe('What it is told of: failure, warning, suspect and stale by default; also success and drill.');

const url = text.check(problemCheck(webProblem));

const email = z.strictObject({
  to: z.union([text, z.array(text).min(1)]).describe('One address, or a list.'),
  from: text.optional().describe('By default holdfast@ and the name of this machine.'),
  smtp: text
    .check(problemCheck(smtpProblem))
    .describe('smtp://mail.example.org:587, or smtps:// for TLS at once.'),
  user: text.optional(),
  password: text.optional().describe('Best by reference: ${env:NAME}. It is sent over TLS only.'),
  on,
});

const webhook = z.strictObject({
  url,
  method: z.enum(['POST', 'PUT', 'GET'], {error: 'is none of `POST`, `PUT` and `GET`'}).optional(),
  headers: z.record(text, z.string()).optional().describe('May hold fields, such as {title}.'),
  body: z
    .union([z.string(), z.record(z.string(), z.unknown())], {error: 'is neither text nor a mapping'})
    .optional()
    .describe(
      'Text, or a mapping that becomes JSON, with fields such as {summary}; all fields as JSON by default.',
    ),
  on,
});

const program = z.strictObject({
  run: command.describe('Gets the event as JSON on its standard input.'),
  on,
});

const syslog = z.strictObject({
  on,
  socket: path.optional().describe('/dev/log by default, which journald reads, too.'),
  tag: text.optional().describe('holdfast by default.'),
});

const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);

const shape = {
  healthcheck: url
    .optional()
    .describe(
      'Is asked for with /start, then as it is, or with /fail. Of backups only, unless it names {job}, such as https://hc.example/ping/KEY/{job}.',
    ),
  email: oneOrMore(email).optional(),
  webhook: oneOrMore(webhook).optional(),
  command: oneOrMore(program).optional(),
  syslog: z.union([z.literal(true), syslog], {error: 'is neither `true` nor a mapping'}).optional(),
  ...metricsShape,
};

export const notifySchema = z.strictObject(shape).describe('Who is told how runs ended.');

export type NotifyInput = z.infer<typeof notifySchema>;
export type EmailInput = z.infer<typeof email>;
export type WebhookInput = z.infer<typeof webhook>;
export type ProgramInput = z.infer<typeof program>;

/** The keys that may stand at a place within `notify`, for suggestions. */
export function notifyKeys([key, ...inner]: readonly PropertyKey[]): string[] {
  if (key === undefined) return Object.keys(notifySchema.shape);
  if (inner.some((step) => typeof step === 'string')) return [];
  const shapes = {email, webhook, command: program, syslog};
  return Object.hasOwn(shapes, key) ? Object.keys(shapes[key as keyof typeof shapes].shape) : [];
}

function webProblem(value: string): string | undefined {
  const address = URL.parse(value);
  if (address === null || !/^https?:$/.test(address.protocol))
    return 'must be an address like https://hc.example/…';
  return undefined;
}

function smtpProblem(value: string): string | undefined {
  const address = URL.parse(value);
  if (address === null || !/^smtps?:$/.test(address.protocol) || address.hostname === '')
    return 'must be an address like smtp://mail.example.org:587';
  if (address.username !== '' || address.password !== '')
    return 'must not hold credentials; write them as `user` and `password`';
  return undefined;
}
