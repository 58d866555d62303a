/** What an operator says and signs about a source: marks and pins. Canonical JSON, readable by all (docs/format.md §13). */
import type {PrivateKey, PublicKey} from 'openpgp';
import {armor, signMessage, unarmor, verifyMessage} from '../crypto/message.ts';
import {canonicalJson, isCanonical, type Json} from './canonical.ts';
import {Fields, FormatError, signedText} from './fields.ts';
import {FORMAT} from './layout.ts';

/** Where every statement belongs. */
export interface Statement {
  readonly repository: string;
  readonly source: string;
  readonly id: string;
  /** Fingerprint of the key that signs it. */
  readonly operator: string;
  readonly created: string;
}

export async function signStatement(
  type: string,
  statement: Statement & Readonly<Record<string, unknown>>,
  key: PrivateKey,
  now: Date,
): Promise<Buffer> {
  const payload = canonicalJson({type, format: FORMAT, ...(statement as unknown as Record<string, Json>)});
  const date = new Date(Math.max(now.getTime(), key.getCreationTime().getTime()));
  return Buffer.from(armor(await signMessage(Buffer.from(payload), key, date), true));
}

/**
 * Checks the signature and reads what was signed; `fields` gives the members of its own kind.
 * @throws SignatureError, {@link FormatError}
 */
export async function readStatement(
  type: string,
  object: Uint8Array,
  operators: readonly PublicKey[],
): Promise<Statement & {readonly fields: Fields}> {
  const {data, signer} = await verifyMessage(
    await unarmor(Buffer.from(object).toString('latin1')),
    operators,
  );
  const payload = signedText(data);
  const fields = Fields.parse(payload);
  if (!isCanonical(payload)) throw new FormatError('it is not canonical JSON');
  if (fields.text('type') !== type) throw new FormatError(`it is no ${type}`);
  fields.format();
  const operator = fields.text('operator');
  if (operator !== signer) throw new FormatError('it is signed by another operator than it says');
  return {
    repository: fields.text('repository'),
    source: fields.text('source'),
    id: fields.text('id'),
    operator,
    created: fields.time('created'),
    fields,
  };
}
