import { checkRange } from './file-read.js';
import { checkObjectName, checkPrefix, isObjectName } from './object-name.js';
import { below, decoder, lastComponent } from './s3-list.js';
import { readPieces } from './s3-read.js';
import { versionAt, versionPages, versionsOf } from './s3-versions.js';
import { ObjectMissingError, TargetError, } from './target.js';
/**
 * A versioned bucket as it was: removals and overwritings after a moment do not count. Objects are never rewritten, so the first
 * version of each is the right one, whatever somebody did to it later.
 */
export class S3PastTarget {
    label;
    #requests;
    #root;
    #moment;
    #stallMs;
    /** @param root what the keys of the repository begin with */
    constructor(requests, root, { moment, stallMs }) {
        this.label = requests.label;
        this.#requests = requests;
        this.#root = root;
        this.#moment = moment;
        this.#stallMs = stallMs;
    }
    async create() {
        throw this.#readOnly();
    }
    async put() {
        throw this.#readOnly();
    }
    async replace() {
        throw this.#readOnly();
    }
    async remove() {
        throw this.#readOnly();
    }
    async *get(name, range, { signal } = {}) {
        if (range !== undefined)
            checkRange(range);
        const version = await this.#find(name, 'read', signal);
        if (version === undefined)
            throw new ObjectMissingError(this.label, name);
        yield* readPieces(this.#requests, this.#root + name, {
            name,
            range,
            version: version.id,
            sizeBytes: version.sizeBytes,
            stallMs: this.#stallMs,
            signal,
        });
    }
    async stat(name, { signal } = {}) {
        const version = await this.#find(name, 'look for', signal);
        return version && toInfo(version);
    }
    async *list(prefix, { signal } = {}) {
        checkPrefix(prefix);
        const deed = { verb: 'list', object: prefix, signal };
        for await (const versions of versionsOf(this.#requests, this.#root, prefix, deed)) {
            const version = versionAt(versions, this.#moment);
            if (version !== undefined && isObjectName(version.name))
                yield toInfo(version);
        }
    }
    async *listFolders(prefix, { signal } = {}) {
        checkPrefix(prefix);
        const question = { Prefix: this.#root + prefix, Delimiter: '/' };
        for await (const page of versionPages(this.#requests, question, { verb: 'list', object: prefix, signal })) {
            const decode = decoder(page.EncodingType);
            for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
                for (const folder of lastComponent(below(this.#root, decode(Prefix)))) {
                    if (isObjectName(`${prefix}${folder}/x`))
                        yield folder;
                }
            }
        }
    }
    async [Symbol.asyncDispose]() {
        this.#requests.close();
    }
    async #find(name, verb, signal) {
        checkObjectName(name);
        const deed = { verb, object: name, signal };
        for await (const versions of versionsOf(this.#requests, this.#root, name, deed)) {
            if (versions[0]?.name === name)
                return versionAt(versions, this.#moment);
            return undefined; // Keys come in order: this one would be the first.
        }
        return undefined;
    }
    #readOnly() {
        return new TargetError(`${this.label} shows the past, and takes nothing new.`, {
            transient: false,
            hint: 'Take "at" out of the URL to write.',
        });
    }
}
function toInfo({ name, sizeBytes = 0, modifiedMs }) {
    return { name, sizeBytes, modifiedMs };
}
