import type {HttpResponse} from './http.ts';
import {retryDetails} from './http-errors.ts';
import {TargetError} from './target.ts';

/** What a status of Swift means, and what to do. */
const WORDS: Readonly<Record<number, readonly [problem: string, hint?: string]>> = {
  401: [
    'the storage refuses the login that it was given (401)',
    'Check that these credentials are for this storage and this project.',
  ],
  403: ['access is denied (403)', 'Give these credentials the right to do that: see docs/targets.md.'],
  404: [
    'the container is not there (404)',
    'Check its name, the project and the region. Only "holdfast init --create" makes containers.',
  ],
  412: ['a condition of the request does not hold (412)'],
  413: [
    'it is larger than allowed, or the quota is used up (413)',
    'Raise the quota of the container or the account, or prune, and run this again.',
  ],
  422: ['it arrived damaged (422)'],
  429: ['it has too many requests to serve (429)'],
  498: ['it has too many requests to serve (498)'],
  503: ['it is not available (503)'],
  507: ['its disks are full (507)', 'Ask the provider, or prune, and run this again.'],
};

/** A new login works, and so did an earlier one: where the storage keeps its tokens, something is amiss for a while. */
const FORGETFUL = [
  'the storage refuses a new login, though it took an earlier one (401)',
  'Run this again later; if it stays so, ask the provider about its Keystone and its cache of tokens.',
] as const;

/**
 * The answer as an error.
 *
 * @param what the beginning of the message, such as `Cannot store x in swift://c`
 * @param isProven whether the storage took these credentials before: a 401 after a new login is then worth another try
 */
export function swiftError(
  what: string,
  {status, headers}: Pick<HttpResponse, 'status' | 'headers'>,
  nowMs: number,
  isProven = false,
): TargetError {
  const isForgetful = status === 401 && isProven;
  const known = isForgetful ? FORGETFUL : WORDS[status];
  const transaction = headers.get('x-trans-id') ?? headers.get('x-openstack-request-id');
  // Providers ask for it. It comes from the network: no more than what such an id looks like is shown.
  const named = /^[\w-]{8,80}$/.test(transaction ?? '') ? `, transaction ${transaction}` : '';
  const isRedirect = status >= 300 && status < 400;
  const problem =
    known?.[0] ?? (isRedirect ? `it redirects to another address (${status})` : `it says ${status}`);
  const hint =
    known?.[1] ?? (isRedirect ? 'Check the address of the storage, and what stands before it.' : undefined);
  const details = retryDetails(status, headers, nowMs);
  return new TargetError(`${what}: ${problem}${named}.`, {
    ...details,
    transient: details.transient || isForgetful || status === 422, // What was damaged on the way is sent again.
    hint,
  });
}
