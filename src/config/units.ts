import {ConfigError} from '../errors.ts';

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
const DURATION_MS: Readonly<Record<string, number>> = {
  y: 365 * DAY_MS,
  w: 7 * DAY_MS,
  d: DAY_MS,
  h: 3600 * SECOND_MS,
  m: 60 * SECOND_MS,
  s: SECOND_MS,
};

/**
 * Units from the greatest down, each at most once: `90m`, `30d`, `1d12h`. The digits are bounded so that the sum stays a safe integer.
 * Also the pattern in the JSON Schema, therefore without lookahead.
 */
const DURATION =
  /^(?:[0-9]{1,5}y)?(?:[0-9]{1,6}w)?(?:[0-9]{1,7}d)?(?:[0-9]{1,8}h)?(?:[0-9]{1,9}m)?(?:[0-9]{1,9}s)?$/;

const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
};
const SIZE = /^([0-9]{1,16})(\.[0-9]{1,3})? ?([A-Za-z]{1,3})$/;

/** For the JSON Schema. */
export const DURATION_PATTERN: string = DURATION.source;

/**
 * `90m`, `30d`, `1d12h` in milliseconds. A year has 365 days.
 * @throws {@link ConfigError}
 */
export function parseDuration(text: string): number {
  if (text === '' || !DURATION.test(text)) {
    throw new ConfigError(`${quote(text)} is not a duration`, {
      hint: 'Write a number and a unit: s, m, h, d, w or y, such as 90m or 30d.',
    });
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)([a-z])/g)) {
    total += Number(amount) * (DURATION_MS[unit ?? ''] ?? Number.NaN);
  }
  return total;
}

/**
 * `16MiB`, `1.5 GiB`, `500GB` in bytes. `KiB` and its kin are powers of 1024, `kB` and its kin powers of 1000.
 * @throws {@link ConfigError}
 */
export function parseSize(text: string): number {
  const [, whole = '', fraction = '', unit = ''] = SIZE.exec(text) ?? [];
  const factor = Object.hasOwn(SIZE_BYTES, unit) ? SIZE_BYTES[unit] : undefined;
  const bytes = factor === undefined ? Number.NaN : Math.round(Number(whole + fraction) * factor);
  if (!Number.isSafeInteger(bytes) || (factor === 1 && fraction !== '')) {
    throw new ConfigError(`${quote(text)} is not a size`, {
      hint: 'Write a number and a unit: B, kB, MB, GB, TB, or KiB, MiB, GiB, TiB, such as 16MiB or 500GB.',
    });
  }
  return bytes;
}

/** `470 GB`, `1.5 TB`: powers of 1000, as limits and bills are written. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1).replace(/\.0$/, '')} ${units[unit]}`;
}

/**
 * `20MB/s` in bytes per second.
 * @throws {@link ConfigError}
 */
export function parseRate(text: string): number {
  const bytes = text.endsWith('/s') ? parseSizeOr(text.slice(0, -2)) : undefined;
  if (bytes === undefined || bytes === 0) {
    throw new ConfigError(`${quote(text)} is not a rate`, {
      hint: 'Write a size and /s, such as 20MB/s or 512KiB/s.',
    });
  }
  return bytes;
}

function parseSizeOr(text: string): number | undefined {
  try {
    return parseSize(text);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function quote(text: string): string {
  return `\`${text.length > 40 ? `${text.slice(0, 40)}…` : text}\``;
}
