/** Canonical JSON (RFC 8785) for the values we sign: objects, arrays, strings, integers, booleans, null. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | {readonly [key: string]: Json | undefined};

/** Members that are undefined are left out. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value as {readonly [key: string]: Json | undefined})
      .filter((member): member is [string, Json] => member[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is not an integer that canonical JSON can hold.`);
  }
  return JSON.stringify(value);
}

/** Whether a JSON text is the canonical form of what it says. False for what has none, and for what is no JSON. */
export function isCanonical(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text) as Json) === text;
  } catch {
    return false; // No JSON, or a number that canonical JSON does not hold.
  }
}
