/** What S3 answers, in plain words. What the SDK throws holds the signed request, with session tokens: it is never passed on. */
import {TargetError} from './target.ts';

/** What is known of a failed request; nothing secret. */
export interface S3Failure {
  /** S3's code, such as `NoSuchKey`, else the system's, such as `ECONNRESET`, else the name of the error. */
  readonly code: string;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  readonly text: string;
  readonly region: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
}

interface Words {
  readonly problem: string;
  readonly hint?: string;
  readonly transient?: boolean;
  readonly throttled?: boolean;
}

const CREDENTIALS =
  'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_PROFILE, and whether the key is still valid.';
const CERTIFICATE =
  'If you trust its authority, name the file of its certificate as "caFile" in the configuration.';
const CLOCK = 'Set the clock of this machine (timedatectl set-ntp true).';

const THROTTLED: Words = {
  problem: 'the store asks to be called less often',
  transient: true,
  throttled: true,
};
const NO_BUCKET: Words = {
  problem: 'there is no such bucket',
  hint: 'Check its name, the region and the endpoint. Only "holdfast init --create" makes a bucket.',
};
const WRONG_KEY: Words = {problem: 'the store does not accept the credentials', hint: CREDENTIALS};
const EXPIRED: Words = {problem: 'the credentials have expired', hint: 'Get new ones, and run this again.'};
const DENIED: Words = {problem: 'access is denied'};
const SKEWED: Words = {
  problem: 'the clocks of this machine and of the store differ too much',
  hint: CLOCK,
  transient: true,
};
const FULL: Words = {
  problem: 'the quota of the store is used up',
  hint: 'Raise the quota, or prune, and run this again.',
};
const COLD: Words = {
  problem: 'it lies in an archive class, and must be brought back first',
  hint: 'Restore the objects with the tools of the store (such as "aws s3api restore-object"), then run this again.',
};
const ELSEWHERE: Words = {problem: 'the bucket is in another region'};
const UNREACHABLE: Words = {
  problem: 'the store cannot be reached',
  hint: 'Check the endpoint and the network.',
  transient: true,
};
const BROKEN_OFF: Words = {problem: 'the connection broke off', transient: true};
const SILENT: Words = {problem: 'the store does not answer', transient: true};
const UNTRUSTED: Words = {problem: 'its TLS certificate is not trusted', hint: CERTIFICATE};

const BY_CODE: Readonly<Record<string, Words>> = {
  NoSuchBucket: NO_BUCKET,
  InvalidAccessKeyId: WRONG_KEY,
  SignatureDoesNotMatch: WRONG_KEY,
  CredentialsProviderError: {problem: 'there are no credentials', hint: CREDENTIALS},
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidToken: WRONG_KEY,
  RequestTimeTooSkewed: SKEWED,
  RequestExpired: SKEWED,
  AccessDenied: DENIED,
  AllAccessDisabled: {problem: 'the account is closed', hint: 'Ask the provider.'},
  InvalidObjectState: COLD,
  PermanentRedirect: ELSEWHERE,
  TemporaryRedirect: {...ELSEWHERE, transient: true},
  AuthorizationHeaderMalformed: ELSEWHERE,
  IllegalLocationConstraintException: ELSEWHERE,
  QuotaExceeded: FULL,
  XMinioAdminBucketQuotaExceeded: FULL,
  XMinioStorageFull: FULL,
  EntityTooLarge: {problem: 'it is larger than the store accepts'},
  SlowDown: THROTTLED,
  ServiceUnavailable: THROTTLED,
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  TooManyRequests: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  RequestTimeout: SILENT,
  OperationAborted: {problem: 'another request works on it', transient: true},
  ConditionalRequestConflict: {problem: 'another request works on it', transient: true},
  BadDigest: {problem: 'it was altered on its way', transient: true},
  XAmzContentSHA256Mismatch: {problem: 'it was altered on its way', transient: true},
  IncompleteBody: BROKEN_OFF,
  TimeoutError: SILENT,
  ECONNRESET: BROKEN_OFF,
  EPIPE: BROKEN_OFF,
  ERR_STREAM_PREMATURE_CLOSE: BROKEN_OFF,
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENOTFOUND: {...UNREACHABLE, problem: 'the name of the store cannot be resolved'},
  EAI_AGAIN: {...UNREACHABLE, problem: 'the name of the store cannot be resolved'},
  CERT_HAS_EXPIRED: {
    ...UNTRUSTED,
    problem: 'its TLS certificate has expired',
    hint: 'Tell the provider; or check the clock of this machine.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    problem: 'its TLS certificate is for another host',
    hint: 'Check the endpoint, and whether pathStyle=true is needed.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  EPROTO: {
    problem: 'it does not speak TLS as expected',
    hint: 'Check whether the endpoint is https:// or http://.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    problem: 'it does not speak TLS',
    hint: 'Check whether the endpoint is https:// or http://.',
  },
};

/** Rights by operation, for hints. */
const RIGHTS: Readonly<Record<string, string>> = {
  store: 's3:PutObject',
  read: 's3:GetObject',
  'look for': 's3:GetObject and s3:ListBucket',
  list: 's3:ListBucket',
  remove: 's3:DeleteObject',
};

/** @returns undefined for what no request throws: a cancellation, or a bug */
export function s3Failure(cause: unknown): S3Failure | undefined {
  if (!(cause instanceof Error)) return undefined;
  const {$metadata, $response, Code, code, Region, name} = cause as Partial<SdkError> & Error;
  const isOfSdk = $metadata !== undefined || $response !== undefined || KNOWN_NAMES.has(name);
  const systemCode = typeof code === 'string' ? code : undefined;
  if (!isOfSdk && (systemCode === undefined || systemCode.startsWith('ERR_INVALID'))) return undefined;
  const headers = $response?.headers ?? {};
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  return {
    code: Code ?? (status === undefined ? (systemCode ?? name) : name),
    status,
    text: cause.message,
    region: Region ?? headers['x-amz-bucket-region'],
    requestId: $metadata?.requestId,
    retryAfterMs: parseRetryAfter(headers['retry-after']),
  };
}

/** What the SDK's errors have beyond `Error`. */
interface SdkError {
  readonly $metadata: {readonly httpStatusCode?: number; readonly requestId?: string};
  readonly $response: {readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>>};
  readonly Code: string;
  readonly code: unknown;
  readonly Region: string;
}

const KNOWN_NAMES = new Set(['CredentialsProviderError', 'TimeoutError']);

/**
 * Says what could not be done to what.
 *
 * @param operation a verb, such as `store`
 * @param object its name, or empty where many are meant
 * @param mayHaveEnded whether the credentials are a session that nothing renews: some stores (Ceph) only deny access at its end
 */
export function s3TargetError(
  label: string,
  operation: string,
  object: string,
  failure: S3Failure,
  mayHaveEnded = false,
): TargetError {
  const {code, status, region, requestId, retryAfterMs} = failure;
  const words = wordsFor(failure);
  const {
    problem,
    hint,
    transient = false,
    throttled = false,
  } = words === DENIED && mayHaveEnded ? deniedOrEnded(operation) : words;
  const what = object === '' ? 'objects' : object;
  const isNumber = status === undefined || String(status) === code;
  const isNameless = status !== undefined && code === 'Unknown'; // The SDK's word for an answer without a body.
  const details = [isNameless ? '' : code, isNumber ? '' : `HTTP ${status}`].filter(Boolean);
  return new TargetError(`Cannot ${operation} ${what} in ${label}: ${problem} (${details.join(', ')}).`, {
    cause: new Error(requestId === undefined ? code : `${code}, request ${requestId}`),
    hint: hint ?? hintFor(operation, failure, region),
    transient,
    ...(throttled && {throttled}),
    ...(retryAfterMs !== undefined && {retryAfterMs}),
  });
}

function wordsFor({code, status = 0, text}: S3Failure): Words {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (status === 429 || status === 503) return THROTTLED;
  if (status === 507) return FULL;
  if (status >= 500 && status !== 501) return {problem: 'the store has a fault', transient: true};
  if (status === 403) return DENIED;
  if (status === 401) return WRONG_KEY;
  if (status === 301 || status === 307) return ELSEWHERE;
  if (status === 408) return SILENT;
  if (status >= 200 && status < 300) return {problem: 'its answer makes no sense', transient: true};
  if (status > 0) return {problem: `the store refused it${said(text)}`};
  return {problem: 'the request failed', transient: true};
}

/** What the store said about it, if that is fit to be shown. */
function said(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return plain === '' || plain === 'UnknownError' || plain.length > 200
    ? ''
    : `: ${plain.replace(/\.$/, '')}`;
}

function hintFor(
  operation: string,
  {code, status}: S3Failure,
  region: string | undefined,
): string | undefined {
  const isElsewhere = BY_CODE[code] === ELSEWHERE || status === 301 || status === 307;
  if (isElsewhere)
    return region === undefined
      ? 'Name the region of the bucket in the URL: ?region=…'
      : `Write ?region=${region} in the URL.`;
  return status === 403 ? `The credentials ${lackOf(operation)}; see docs/targets.md.` : undefined;
}

function lackOf(operation: string): string {
  const right = RIGHTS[operation];
  return right === undefined ? 'lack a right' : `need the right ${right}`;
}

function deniedOrEnded(operation: string): Words {
  return {
    problem: 'access is denied, or the session has ended',
    hint: `Get a new session (AWS_SESSION_TOKEN), or name a profile that renews it; if this one is new, the credentials ${lackOf(operation)}: see docs/targets.md.`,
  };
}

function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,5}$/.test(value)) return undefined; // Dates are rare, and clocks differ.
  return Number(value) * 1000;
}
