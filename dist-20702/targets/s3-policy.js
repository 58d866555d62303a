export const ROLES = ['writer', 'reader', 'pruner'];
const OBJECT_ACTIONS = {
    writer: ['s3:GetObject', 's3:PutObject', 's3:PutObjectRetention', 's3:GetObjectRetention'],
    reader: ['s3:GetObject', 's3:GetObjectVersion'],
    pruner: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:GetObjectRetention'],
};
const BUCKET_ACTIONS = {
    writer: ['s3:ListBucket'],
    reader: ['s3:ListBucket', 's3:ListBucketVersions'],
    pruner: ['s3:ListBucket'],
};
/**
 * A policy for a user or role of whoever owns the bucket; with a principal, one for the bucket itself.
 *
 * @param principal such as `arn:aws:iam::123456789012:user/app01`
 */
export function s3Policy({ bucket, prefix }, role, principal) {
    const who = principal === undefined ? {} : { Principal: { AWS: [principal] } };
    const statement = (Sid, Action, resource) => ({
        Sid,
        Effect: 'Allow',
        ...who,
        Action,
        Resource: [`arn:aws:s3:::${bucket}${resource}`],
    });
    const listing = statement('List', BUCKET_ACTIONS[role], '');
    const isWhole = prefix === '';
    return {
        Version: '2012-10-17',
        Statement: [
            isWhole ? listing : { ...listing, Condition: { StringLike: { 's3:prefix': [`${prefix}*`] } } },
            statement('Objects', OBJECT_ACTIONS[role], `/${prefix}*`),
            // Leases are the only objects that are ever rewritten; they protect nothing.
            ...(role === 'writer' ? [statement('Leases', ['s3:DeleteObject'], `/${prefix}leases/*`)] : []),
        ],
    };
}
