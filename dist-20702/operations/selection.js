export function selects({ include, exclude }, path, isDirectory) {
    return (include === undefined || include(path, isDirectory)) && exclude?.(path, isDirectory) !== true;
}
export function isEverything({ include, exclude }) {
    return include === undefined && exclude === undefined;
}
