/** The connection to S3: the SDK, told to do what Holdfast needs and nothing twice. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
/** More than that are never open at once; further requests wait. */
const MAX_SOCKETS = 32;
const CONNECT_MS = 15_000;
/** For stores that are not AWS, where the region rarely means anything, but is signed. */
const ANY_REGION = 'us-east-1';
/**
 * Makes a client. Credentials come from `env`, else from the AWS chain: profile, SSO, web identity, process, container and
 * instance role; they are looked for at the first request.
 */
export function makeS3Client(place, { env, stallMs }) {
    const agent = { keepAlive: true, maxSockets: MAX_SOCKETS, proxyEnv: { ...env } };
    const region = place.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
    const credentials = place.profile === undefined ? credentialsIn(env) : undefined;
    const config = {
        forcePathStyle: place.pathStyle,
        maxAttempts: 1, // Our wrapper tries again, for every target alike.
        requestChecksumCalculation: 'WHEN_REQUIRED', // We send SHA-256 where it is taken; some stores break on the default.
        responseChecksumValidation: 'WHEN_REQUIRED', // What is read is compared with its name, or its signature.
        expectContinueHeader: false, // It costs a new connection for each object.
        requestHandler: new NodeHttpHandler({
            connectionTimeout: CONNECT_MS,
            socketTimeout: stallMs,
            httpAgent: new HttpAgent(agent),
            httpsAgent: new HttpsAgent(agent),
        }),
        ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
        ...(place.profile !== undefined && { profile: place.profile }),
        ...(credentials !== undefined && { credentials }),
        ...(region !== undefined ? { region } : place.endpoint !== undefined && { region: ANY_REGION }),
    };
    const client = new S3Client(config);
    addHeaders(client);
    return client;
}
function credentialsIn(env) {
    const accessKeyId = env['AWS_ACCESS_KEY_ID'];
    const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
    const sessionToken = env['AWS_SESSION_TOKEN'];
    if (!accessKeyId || !secretAccessKey)
        return undefined;
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}
function addHeaders(client) {
    client.middlewareStack.add((next) => async (args) => {
        const request = args.request;
        // Ceph waits a minute for the body of a DELETE that does not say that it has none.
        if (request.method === 'DELETE')
            request.headers['content-length'] ??= '0';
        return next(args);
    }, { step: 'build', priority: 'low', name: 'holdfastHeaders' });
}
