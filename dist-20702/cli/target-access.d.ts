import type { Config } from '../config/config.ts';
import type { Environment } from '../config/substitute.ts';
import type { TargetAccess } from '../targets/access.ts';
import type { Output } from './output.ts';
/**
 * Also makes this process use the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, and trust the authorities in `caFile`:
 * both concern all connections, so they are set here, once, and by no library.
 */
export declare function targetAccess({ config, env, output, }: {
    config: Config | undefined;
    env: Environment;
    output: Output;
}): TargetAccess;
