/** What to tell a storage, so that each role may do what it needs, and no more. */
import { UsageError } from '../errors.js';
import { s3Policy } from './s3-policy.js';
import { parseS3Url } from './s3-url.js';
/**
 * @returns lines for people to copy
 * @throws {@link UsageError} for places that have no such rights
 */
export function policyFor(url, role, principal) {
    if (/^s3:/i.test(url))
        return JSON.stringify(s3Policy(parseS3Url(url), role, principal), undefined, 2);
    const container = /^swift:\/\/([^/?#@]+)/i.exec(url)?.[1];
    if (container === undefined) {
        throw new UsageError('A folder has no policies.', {
            hint: 'Give the folder to the user that backs up; what that user can write it can also remove.',
        });
    }
    const who = principal ?? 'PROJECT-ID:USER-ID';
    if (role === 'reader')
        return `swift post ${quote(container)} --read-acl ${quote(who)}`;
    return [
        '# Swift does not tell creating from overwriting and removing: whoever may write may do all three.',
        '# Against a stolen machine keep old versions (swift post CONTAINER -H "X-Versions-Enabled: true"), in an account that it cannot reach,',
        '# or a copy elsewhere.',
        `swift post ${quote(container)} --read-acl ${quote(who)} --write-acl ${quote(who)}`,
    ].join('\n');
}
function quote(text) {
    return `'${text.replaceAll("'", String.raw `'\''`)}'`;
}
