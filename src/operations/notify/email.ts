/** Notifications by e-mail. */

import type {EmailConfig} from '../../config/notify.ts';
import {isLoopback} from '../../targets/endpoint.ts';
import {TargetError} from '../../targets/target.ts';
import type {Channel} from './channel.ts';
import {fieldsOf, titleOf} from './report.ts';

const PORTS: Readonly<Record<string, number>> = {'smtp:': 587, 'smtps:': 465};
const HINT = 'Check "email" in "notify" of the configuration, and the mail server.';
const TIMEOUT_MS = 15_000;

/** What nodemailer says of its failures. */
interface MailFailure extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

export function email(config: EmailConfig, host: string): Channel {
  const {smtp, to, user, password, on} = config;
  const place = `${smtp.protocol}//${smtp.host}`;
  const isSecure = smtp.protocol === 'smtps:';
  return {
    name: 'email',
    place,
    wants: ({events, phase}) => phase !== 'start' && events.some((event) => on.includes(event)),
    async send(report, signal) {
      const {createTransport} = await import('nodemailer');
      const transport = createTransport({
        host: smtp.hostname.replace(/^\[|\]$/g, ''),
        port: Number(smtp.port || PORTS[smtp.protocol]),
        secure: isSecure,
        // A password never passes in the clear; without one, encryption that is offered is used.
        requireTLS: password !== undefined && !isLoopback(smtp.hostname),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(user !== undefined && {auth: {user, pass: password?.reveal() ?? ''}}),
      });
      try {
        const {rejected} = await transport.sendMail({
          from: config.from ?? {name: 'Holdfast', address: `holdfast@${host}`},
          to: [...to],
          subject: titleOf(report),
          text: `${fieldsOf(report)['details']}\n`,
          headers: {'Auto-Submitted': 'auto-generated', 'X-Holdfast-Run': report.run},
        });
        if (rejected.length > 0)
          throw new TargetError(
            `Cannot send mail by ${place}: it refused ${rejected.length} of ${to.length} addresses.`,
            {
              transient: false,
              hint: HINT,
            },
          );
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof TargetError) throw cause;
        throw mailError(place, cause as MailFailure, password?.reveal());
      } finally {
        transport.close();
      }
    },
  };
}

/** What the server said may be shown, but for the password. */
function mailError(place: string, failure: MailFailure, password: string | undefined): TargetError {
  const {code, responseCode, response, message} = failure;
  const said = (response ?? message).split('\n')[0] ?? '';
  const shown = password ? said.replaceAll(password, '[redacted]') : said;
  // An answer from 400 to 499 is no final one, as of a server that makes strangers come again.
  const isFinal =
    code === 'EAUTH' || code === 'EENVELOPE' ? !isLater(responseCode) : (responseCode ?? 0) >= 500;
  return new TargetError(`Cannot send mail by ${place}: ${shown.replace(/\.$/, '')}.`, {
    cause: new Error(code),
    transient: !isFinal,
    hint: HINT,
  });
}

function isLater(responseCode: number | undefined): boolean {
  return responseCode !== undefined && responseCode >= 400 && responseCode < 500;
}
