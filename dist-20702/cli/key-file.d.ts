/** @throws {@link KeyError} if it cannot be read, or is a private key (or a share of one) that others may read */
export declare function readKeyFile(path: string, isPrivate: boolean): Buffer;
