/** Members that are undefined are left out. */
export function canonicalJson(value) {
    if (Array.isArray(value))
        return `[${value.map(canonicalJson).join(',')}]`;
    if (typeof value === 'object' && value !== null) {
        const members = Object.entries(value)
            .filter((member) => member[1] !== undefined)
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
export function isCanonical(text) {
    try {
        return canonicalJson(JSON.parse(text)) === text;
    }
    catch {
        return false;
    }
}
