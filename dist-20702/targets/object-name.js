/** What S3 allows for a key, and more than Holdfast ever uses. */
const MAX_NAME_BYTES = 1024;
/** What file systems allow for one component, less room for the ending of a partial object. */
const MAX_COMPONENT_BYTES = 200;
/** Deeper folders are not ours. */
export const MAX_DEPTH = 16;
/** Ends the names of files that are not objects yet. */
export const PARTIAL_ENDING = '.part';
/**
 * Whether every target can keep an object of this name, and none would take it for something else. Names come from
 * storage, too: a listing is input of whoever owns the storage.
 */
export function isObjectName(name) {
    if (name.length === 0 || name.length > MAX_NAME_BYTES)
        return false;
    if (!name.isWellFormed() || Buffer.byteLength(name) > MAX_NAME_BYTES)
        return false;
    const components = name.split('/');
    return components.length <= MAX_DEPTH && components.every(isComponent) && !name.endsWith(PARTIAL_ENDING);
}
function isComponent(component) {
    if (component === '' || component === '.' || component === '..')
        return false;
    return !hasControlCharacter(component) && Buffer.byteLength(component) <= MAX_COMPONENT_BYTES;
}
function hasControlCharacter(text) {
    for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code < 0x20 || code === 0x7f)
            return true;
    }
    return false;
}
/**
 * @returns the name
 * @throws {@link RangeError} where a caller made, or believed, a name that no object can have: a bug
 */
export function checkObjectName(name) {
    if (!isObjectName(name))
        throw new RangeError(`No object can have the name ${JSON.stringify(name.slice(0, 200))}.`);
    return name;
}
/** @returns the components of a prefix, which is empty or ends in `/` */
export function checkPrefix(prefix) {
    if (prefix === '')
        return [];
    if (!prefix.endsWith('/') || !isObjectName(`${prefix}x`)) {
        throw new RangeError(`No folder can have the name ${JSON.stringify(prefix.slice(0, 200))}.`);
    }
    return prefix.slice(0, -1).split('/');
}
