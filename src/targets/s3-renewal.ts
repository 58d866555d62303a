/** Credentials that end (STS, roles, processes): got anew where the store refuses them in the midst of a run. */
import type {S3Client} from '@aws-sdk/client-s3';
import {s3Failure} from './s3-errors.ts';

type Credentials = Awaited<ReturnType<S3Client['config']['credentials']>>;

/**
 * The SDK renews credentials whose end it was told. Some sources do not tell it (a file that somebody else keeps fresh, a process that
 * says nothing of an expiry), and a clock may be wrong.
 */
export class S3Renewal {
  readonly #client: S3Client;
  #pending: Promise<Credentials> | undefined;
  /** Whether the store last refused a session that cannot be got anew: it may have ended, which not every store says. */
  mayHaveEnded = false;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** Runs requests; where the store refuses credentials that may have ended, once more, if there are others by now. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    const before = await this.#client.config.credentials();
    try {
      return await action();
    } catch (cause) {
      if (before.sessionToken === undefined || !isRefusal(cause)) throw cause;
      this.mayHaveEnded = isSame(before, await this.#othersThan(before));
      if (this.mayHaveEnded) throw cause;
      return await action();
    }
  }

  /** Another request may have got new ones meanwhile; all who ask at the same time get the same. */
  async #othersThan(before: Credentials): Promise<Credentials> {
    const present = await this.#client.config.credentials();
    if (!isSame(before, present)) return present;
    this.#pending ??= this.#client.config.credentials({forceRefresh: true}).finally(() => {
      this.#pending = undefined;
    });
    return await this.#pending;
  }
}

function isSame(a: Credentials, b: Credentials): boolean {
  return a.accessKeyId === b.accessKeyId && a.sessionToken === b.sessionToken;
}

/** Not every store says that it is for their end, and to HEAD none says anything. */
function isRefusal(cause: unknown): boolean {
  const failure = s3Failure(cause);
  if (failure?.status === 400) return /^(ExpiredToken|400|BadRequest)/.test(failure.code);
  return failure?.status === 401 || failure?.status === 403;
}
