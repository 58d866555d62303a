export interface S3Place {
    readonly bucket: string;
    /** Empty, or ending in `/`. */
    readonly prefix: string;
    /** Of the bucket; the AWS chain's by default. */
    readonly region: string | undefined;
    /** `https://host:port`, where it is not AWS. */
    readonly endpoint: string | undefined;
    /** Whether the bucket stands in the path of requests rather than in the host's name. */
    readonly pathStyle: boolean;
    /** A profile of ~/.aws/config. */
    readonly profile: string | undefined;
    /** Such as `STANDARD_IA`. */
    readonly storageClass: string | undefined;
    /** Encryption by the store, on top of ours, such as `AES256` or `aws:kms`. */
    readonly encryption: string | undefined;
    readonly kmsKey: string | undefined;
    /** Of a versioned bucket, what to see: the first version of each object, or what was there at a time in ms since the epoch. */
    readonly at: 'first' | number | undefined;
}
/** @throws {@link UsageError}, which repeats no part of the URL: somebody may have put a secret there */
export declare function parseS3Url(url: string): S3Place;
