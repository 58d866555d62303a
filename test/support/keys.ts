import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {EXIT, HoldfastError} from '../../src/errors.ts';

/** Fixture keys that are fit, with their algorithm and version. */
export const RECIPIENTS = [
  ['gnupg-rsa-2048', 'RSA-2048', 4],
  ['gnupg-rsa-3072', 'RSA-3072', 4],
  ['gnupg-rsa-4096', 'RSA-4096', 4],
  ['gnupg-curve25519', 'Curve25519', 4],
  ['gnupg-nistp384', 'NIST P-384', 4],
  ['sequoia-v4', 'Curve25519', 4],
  ['sequoia-v6', 'X25519 + Ed25519', 6],
  ['rpgp-v6', 'X25519 + Ed25519', 6],
] as const;

/** A file of `test/fixtures/keys`. */
export function fixture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '../fixtures/keys', name));
}

/** The error that a promise is rejected with, which must be one for exit code 12, with a hint. */
export async function failure(attempt: Promise<unknown>): Promise<HoldfastError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HoldfastError);
  expect((error as HoldfastError).exitCode).toBe(EXIT.key);
  expect((error as HoldfastError).hint).toMatch(/^[A-Z].*[.]$/);
  return error as HoldfastError;
}

/** The fixture's bytes without armor: no checksum is left that could tell of damage. */
export function bare(name: string): Buffer {
  const lines = fixture(name).toString().split(/\r?\n/);
  const body = lines.slice(lines.indexOf('') + 1).filter((line) => /^[A-Za-z0-9+/]+={0,2}$/.test(line));
  return Buffer.from(body.join(''), 'base64');
}

/** A copy with one bit flipped. */
export function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
  return copy;
}
