/** The connection to S3: the SDK, told to do what Holdfast needs and nothing twice. */
import {Agent as HttpAgent} from 'node:http';
import {Agent as HttpsAgent} from 'node:https';
import {S3Client, type S3ClientConfig} from '@aws-sdk/client-s3';
import {NodeHttpHandler} from '@smithy/node-http-handler';
import type {S3Place} from './s3-url.ts';

export interface S3ClientOptions {
  /** Where `AWS_ACCESS_KEY_ID`, `HTTPS_PROXY` and the like are looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long the store may be silent. */
  readonly stallMs: number;
}

/** More than that are never open at once; further requests wait. */
const MAX_SOCKETS = 32;
const CONNECT_MS = 15_000;
/** For stores that are not AWS, where the region rarely means anything, but is signed. */
const ANY_REGION = 'us-east-1';

/**
 * Makes a client. Credentials come from `env`, else from the AWS chain: profile, SSO, web identity, process, container and
 * instance role; they are looked for at the first request.
 */
export function makeS3Client(place: S3Place, {env, stallMs}: S3ClientOptions): S3Client {
  const agent = {keepAlive: true, maxSockets: MAX_SOCKETS, proxyEnv: {...env}};
  const region = place.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const credentials = place.profile === undefined ? credentialsIn(env) : undefined;
  const config: S3ClientConfig & {readonly ignoreCache: boolean} = {
    ignoreCache: true, // Of files with credentials: others may keep them fresh.
    forcePathStyle: place.pathStyle,
    maxAttempts: 1, // Our wrapper tries again, for every target alike.
    requestChecksumCalculation: 'WHEN_REQUIRED', // We send SHA-256 where it is taken; some stores break on the default.
    responseChecksumValidation: 'WHEN_REQUIRED', // What is read is compared with its name, or its signature.
    logger: SILENT,
    expectContinueHeader: false, // It costs a new connection for each object.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_MS,
      socketTimeout: stallMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    }),
    ...(place.endpoint !== undefined && {endpoint: place.endpoint}),
    ...(place.profile !== undefined && {profile: place.profile}),
    ...(credentials !== undefined && {credentials}),
    ...(region !== undefined ? {region} : place.endpoint !== undefined && {region: ANY_REGION}),
  };
  const client = new S3Client(config);
  addHeaders(client);
  return client;
}

/** Without one, the SDK writes to the console what it finds odd, such as that it does not try again. */
const SILENT = {trace() {}, debug() {}, info() {}, warn() {}, error() {}};

function credentialsIn(env: S3ClientOptions['env']): S3ClientConfig['credentials'] {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return {accessKeyId, secretAccessKey, ...(sessionToken && {sessionToken})};
}

function addHeaders(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as {method: string; headers: Record<string, string>};
      // Ceph waits a minute for the body of a DELETE that does not say that it has none.
      if (request.method === 'DELETE') request.headers['content-length'] ??= '0';
      return next(args);
    },
    {step: 'build', priority: 'low', name: 'holdfastHeaders'},
  );
}
