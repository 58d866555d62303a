/** For the JSON Schema. */
export declare const DURATION_PATTERN: string;
/**
 * `90m`, `30d`, `1d12h` in milliseconds. A year has 365 days.
 * @throws {@link ConfigError}
 */
export declare function parseDuration(text: string): number;
/**
 * `16MiB`, `1.5 GiB`, `500GB` in bytes. `KiB` and its kin are powers of 1024, `kB` and its kin powers of 1000.
 * @throws {@link ConfigError}
 */
export declare function parseSize(text: string): number;
/**
 * `20MB/s` in bytes per second.
 * @throws {@link ConfigError}
 */
export declare function parseRate(text: string): number;
