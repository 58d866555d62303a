import {DamageError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectExistsError, type Target} from '../targets/target.ts';

/** @returns false where the name holds other bytes */
export async function puts(
  to: Target,
  name: string,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await to.put(name, body, {signal});
    return true;
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
    // Another run may have copied it meanwhile.
    const found = await readObject(to, name, {maxBytes: body.length, signal}).catch((cause: unknown) => {
      if (cause instanceof DamageError) return undefined;
      throw cause;
    });
    return found !== undefined && Buffer.compare(found, body) === 0;
  }
}
