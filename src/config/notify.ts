/** Who is told how runs ended, with defaults. */
import {Secret} from '../system/secret.ts';
import type {EmailInput, NotifyEventName, NotifyInput, ProgramInput, WebhookInput} from './notify-schema.ts';
import type {HookCommand} from './source-types.ts';
import {toCommand} from './sources.ts';
import type {Environment} from './substitute.ts';

interface Told {
  /** Of which of these it is told. */
  readonly on: readonly NotifyEventName[];
}

export interface EmailConfig extends Told {
  readonly to: readonly string[];
  readonly from: string | undefined;
  /** `smtp:` or `smtps:`, without credentials. */
  readonly smtp: URL;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
}

/** Its address may itself be the secret. */
export interface WebhookConfig extends Told {
  readonly url: Secret;
  readonly method: 'POST' | 'PUT' | 'GET';
  readonly headers: Readonly<Record<string, Secret>>;
  /** A text or a value for JSON, with `{fields}`; undefined for all fields. */
  readonly body: string | Readonly<Record<string, unknown>> | undefined;
}

export interface ProgramConfig extends Told {
  readonly command: HookCommand;
}

export interface SyslogConfig extends Told {
  readonly socket: string;
  readonly tag: string;
}

export interface NotifyConfig {
  readonly healthcheck: Secret | undefined;
  readonly emails: readonly EmailConfig[];
  readonly webhooks: readonly WebhookConfig[];
  readonly programs: readonly ProgramConfig[];
  readonly syslog: SyslogConfig | undefined;
  /** The absolute path of a file for Prometheus. */
  readonly metrics: string | undefined;
}

const BAD: NotifyEventName[] = ['failure', 'warning', 'suspect', 'stale'];
const ALL: NotifyEventName[] = [...BAD, 'success'];

export function toNotify(
  input: NotifyInput | undefined,
  {absolute, env}: {absolute(path: string): string; env: Environment},
): NotifyConfig {
  const {healthcheck, email = [], webhook = [], command = [], syslog, metrics} = input ?? {};
  return {
    healthcheck: healthcheck === undefined ? undefined : new Secret(healthcheck),
    emails: [email].flat().map(toEmail),
    webhooks: [webhook].flat().map(toWebhook),
    programs: [command].flat().map(({run, on = BAD}: ProgramInput) => ({command: toCommand(run, env), on})),
    metrics: metrics === undefined ? undefined : absolute(metrics),
    syslog: syslog === undefined ? undefined : toSyslog(syslog === true ? {} : syslog, absolute),
  };
}

function toEmail({to, from, smtp, user, password, on = BAD}: EmailInput): EmailConfig {
  return {
    to: [to].flat(),
    from,
    smtp: new URL(smtp),
    user,
    password: password === undefined ? undefined : new Secret(password),
    on,
  };
}

function toWebhook({url, method, headers = {}, body, on = BAD}: WebhookInput): WebhookConfig {
  return {
    url: new Secret(url),
    method: method ?? 'POST',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, new Secret(value)])),
    body,
    on,
  };
}

function toSyslog(
  {socket, tag = 'holdfast', on = ALL}: Exclude<NonNullable<NotifyInput['syslog']>, true>,
  absolute: (path: string) => string,
): SyslogConfig {
  return {socket: socket === undefined ? '/dev/log' : absolute(socket), tag, on};
}
