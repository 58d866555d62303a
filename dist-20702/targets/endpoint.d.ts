import type { TargetAccess } from './access.ts';
/**
 * Looks at the address of a service before anything is sent to it. One that is neither encrypted nor on this machine is told, or
 * refused where encryption is required.
 *
 * @param what what it is the address of, such as `the storage`
 * @param from where the address comes from, such as `OS_AUTH_URL`
 * @throws {@link UsageError}
 */
export declare function checkEndpoint(address: string, { what, from }: {
    what: string;
    from: string;
}, { requireTls, onWarning }: Pick<TargetAccess, 'requireTls' | 'onWarning'>): URL;
