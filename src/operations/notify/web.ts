/** Notifications over HTTP. An address may itself be a secret: messages name its host alone. */
import type {WebhookConfig} from '../../config/notify.ts';
import type {Secret} from '../../system/secret.ts';
import {sendHttp} from '../../targets/http.ts';
import {retryDetails} from '../../targets/http-errors.ts';
import {TargetError} from '../../targets/target.ts';
import type {Channel} from './channel.ts';
import {fieldsOf, type RunReport} from './report.ts';
import {fillIn, fillInAddress, fillInAll} from './template.ts';

const STALL_MS = 10_000;
/** Exit codes with which the work was done: a health check must not raise the alarm that there is no backup. */
const GOOD = [0, 3];

/**
 * Asks for the address with `/start`, then as it is, or with `/fail`, as healthchecks.io has it: with the run's id, and its exit code
 * as the body. Without `{job}` in the address, of backups alone.
 */
export function healthcheck(address: Secret): Channel {
  const url = address.reveal();
  return {
    name: 'healthcheck',
    place: placeOf(url),
    wants: ({kind, also}) => (kind === 'backup' || url.includes('{job}')) && !also.includes('stale'),
    async send(report, signal) {
      const {phase, exitCode, run} = report;
      const to = new URL(fillInAddress(url, report));
      const isGood = phase !== 'end' || (exitCode !== null && GOOD.includes(exitCode));
      const end = phase === 'start' ? '/start' : isGood ? '' : '/fail';
      to.pathname = `${to.pathname.replace(/\/$/, '')}${end}`;
      to.searchParams.set('rid', run);
      const text = phase === 'start' ? '' : exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`;
      const headers = {'content-type': 'text/plain'};
      await request({url: to.href, method: 'POST', headers, body: text, signal});
    },
  };
}

export function webhook({url, method, headers, body, on}: WebhookConfig): Channel {
  return {
    name: 'webhook',
    place: placeOf(url.reveal()),
    wants: ({events, phase}) => phase !== 'start' && events.some((event) => on.includes(event)),
    async send(report, signal) {
      await request({
        url: fillInAddress(url.reveal(), report),
        method,
        headers: {
          'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
          ...headersOf(headers, report),
        },
        body: method === 'GET' ? undefined : bodyOf(body, report),
        signal,
      });
    },
  };
}

function bodyOf(body: WebhookConfig['body'], report: RunReport): string {
  if (typeof body === 'string') return fillIn(body, report);
  return JSON.stringify(body === undefined ? fieldsOf(report) : fillInAll(body, report));
}

/** A header is one line; what is not ASCII is written as RFC 2047 has it, which ntfy reads. */
function headersOf(headers: WebhookConfig['headers'], report: RunReport): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const line = fillIn(value.reveal(), report)
        .replaceAll(/[\r\n\0]+/g, ' ')
        .trim();
      const isPlain = /^[\x20-\x7e]*$/.test(line);
      return [name.toLowerCase(), isPlain ? line : `=?UTF-8?B?${Buffer.from(line).toString('base64')}?=`];
    }),
  );
}

interface WebRequest {
  readonly url: string;
  readonly method: 'POST' | 'PUT' | 'GET';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

async function request({url, method, headers, body, signal}: WebRequest): Promise<void> {
  const what = `Cannot tell ${placeOf(url)}`;
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const response = await sendHttp({method, url, headers, body: bytes, signal, what}, {stallMs: STALL_MS});
  await response.discard();
  const {status} = response;
  if (status >= 200 && status < 300) return;
  const isElsewhere = status >= 300 && status < 400;
  throw new TargetError(
    `${what}: it answered with ${status}${isElsewhere ? ', which leads elsewhere' : ''}.`,
    {
      ...retryDetails(status, response.headers, 0),
      hint: isElsewhere
        ? 'Write the address to which it leads.'
        : 'Check the address in "notify" of the configuration.',
    },
  );
}

/** All of an address that may be shown. */
function placeOf(url: string): string {
  return new URL(url).origin;
}
