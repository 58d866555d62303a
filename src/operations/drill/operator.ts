/** The key of who runs drills on this machine. */
import {existsSync, readFileSync} from 'node:fs';
import type {PrivateKey} from 'openpgp';
import {generateOperatorKey} from '../../crypto/keygen.ts';
import {readPrivateKey, unlockPrivateKey} from '../../crypto/keys.ts';
import {KeyError} from '../../errors.ts';
import {writePrivateFile} from '../init.ts';

/** Makes it if it is not there. @throws {@link KeyError} */
export async function openOperator(path: string, now: Date): Promise<PrivateKey> {
  const existing = await existingOperator(path);
  if (existing !== undefined) return existing;
  const key = await generateOperatorKey(now);
  try {
    writePrivateFile(path, key.armor());
  } catch (cause) {
    throw new KeyError(
      `The key that signs drill reports cannot be written to ${path}: ${(cause as Error).message}.`,
      {
        cause,
        hint: 'Check who may write to that folder.',
      },
    );
  }
  return key;
}

/** @throws {@link KeyError} if it is there, and is no key */
export async function existingOperator(path: string): Promise<PrivateKey | undefined> {
  if (!existsSync(path)) return undefined;
  return unlockPrivateKey(await readPrivateKey(readFileSync(path), path), undefined);
}
