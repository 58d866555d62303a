/** What targets on a network get from the environment and the config. */
import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {getCACertificates, setDefaultCACertificates} from 'node:tls';
import type {Config} from '../config/config.ts';
import type {Environment} from '../config/substitute.ts';
import {parseDuration} from '../config/units.ts';
import {ConfigError, UsageError} from '../errors.ts';
import type {TargetAccess} from '../targets/access.ts';
import type {Output} from './output.ts';

/** Requests at once beside the packs that are being uploaded: listings, looks, and reads ahead. */
const REQUESTS_BESIDE_UPLOADS = 8;

/**
 * Makes this process use the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, and trust the authorities in `caFile`: both
 * concern all connections, so they are set here, and by no library.
 */
export function prepareNetwork(config: Pick<Config, 'caFile'> | undefined, env: Environment): void {
  useProxies(env);
  const caFile = config?.caFile ?? (env['OS_CACERT'] || undefined);
  if (caFile !== undefined) trustAuthorities(caFile);
}

/** Prepares the network, too. */
export function targetAccess({
  config,
  env,
  output,
}: {
  config: Config | undefined;
  env: Environment;
  output: Output;
}): TargetAccess {
  prepareNetwork(config, env);
  const {uploadBytesPerSecond, downloadBytesPerSecond, retryForMs, concurrency} = config?.limits ?? {};
  return {
    env,
    requireTls: config?.requireTls ?? false,
    onWarning: (warning) => output.warn(warning),
    lock: config?.lock,
    limits: {
      uploadBytesPerSecond,
      downloadBytesPerSecond,
      retryForMs: retryForOf(env) ?? retryForMs,
      requests: concurrency === undefined ? undefined : concurrency + REQUESTS_BESIDE_UPLOADS,
    },
  };
}

function retryForOf(env: Environment): number | undefined {
  const text = env['HOLDFAST_RETRY_FOR'];
  if (text === undefined) return undefined;
  try {
    return parseDuration(text);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new UsageError(`HOLDFAST_RETRY_FOR: ${cause.message}.`, {cause, hint: cause.hint});
  }
}

function useProxies(env: Environment): void {
  const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
  if (!names.some((name) => env[name])) return;
  try {
    // An import would load undici, which takes longer than most commands: it reads all properties of the module.
    process.getBuiltinModule('node:http').setGlobalProxyFromEnv({...env});
  } catch (cause) {
    // The message of Node would show the address, which may hold a password.
    throw new UsageError('The address of a proxy in the environment is not valid.', {
      cause: new Error((cause as NodeJS.ErrnoException).code),
      hint: 'Write http://host:port into HTTPS_PROXY and HTTP_PROXY, or unset them.',
    });
  }
}

function trustAuthorities(file: string): void {
  try {
    const text = readFileSync(file, 'utf8');
    new X509Certificate(text); // What is no certificate would be passed over in silence.
    setDefaultCACertificates([...getCACertificates('default'), text]);
  } catch (cause) {
    throw new ConfigError(`The file ${file} with certificates (caFile, OS_CACERT) cannot be used.`, {
      cause,
      hint: 'Give a readable file with certificates in PEM form.',
    });
  }
}
