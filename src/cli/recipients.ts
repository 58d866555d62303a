/** The public keys that can restore, as a run reads them. */
import {assertOnlyRootChanges} from '../config/file.ts';
import {type Recipient, readRecipient} from '../crypto/keys.ts';
import {KeyError} from '../errors.ts';
import {readKeyFile} from './key-file.ts';
import {counted} from './output.ts';

const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 30;

/**
 * Reads the keys that can restore, and warns of those that will soon expire.
 * @throws {@link KeyError}; ConfigError, as root, if another user could put another key in the place of one
 */
export async function readRecipients(
  paths: readonly string[],
  now: Date,
  output: {warn(message: string): void},
): Promise<Recipient[]> {
  const recipients: Recipient[] = [];
  for (const path of paths) {
    assertOnlyRootChanges(path);
    const recipient = await readRecipient(readKeyFile(path, false), path, now);
    if (recipients.some((other) => other.fingerprint === recipient.fingerprint)) {
      throw new KeyError(`${path} is the same key as another recipient.`, {
        hint: 'Name each recipient once.',
      });
    }
    recipients.push(recipient);
    const days = Math.ceil(
      ((recipient.expires?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime()) / DAY_MS,
    );
    if (days <= EXPIRY_WARNING_DAYS)
      output.warn(
        `the recipient ${path} expires in ${counted(days, 'day')}, on ${recipient.expires?.toISOString().slice(0, 10)}; from then on, no backup is made. Extend the key where its private half is, or give another recipient.`,
      );
  }
  return recipients;
}
