import { createHash } from 'node:crypto';
import { z } from 'zod';
import { systemClock } from './clock.js';
import { checkRange } from './file-read.js';
import { sendHttp } from './http.js';
import { checkObjectName, checkPrefix } from './object-name.js';
import { foldersOfPages, objectsOfPages } from './pages.js';
import { md5Of, rangeBody, tooShort, wholeBody } from './swift-body.js';
import { findCredentials } from './swift-credentials.js';
import { swiftError } from './swift-errors.js';
import { parseSwiftUrl } from './swift-place.js';
import { Sessions } from './swift-session.js';
import { ObjectExistsError, ObjectMissingError, TargetError, } from './target.js';
/** A page has up to 10,000 names of up to 1 KiB each. */
const MOST_PAGE_BYTES = 32 * 2 ** 20;
/** A clock that is further off than this is told. */
const CLOCK_SKEW_MS = 5 * 60_000;
const pageSchema = z.array(z.union([
    z.object({ name: z.string(), bytes: z.int().nonnegative(), last_modified: z.string() }),
    z.object({ subdir: z.string() }),
]));
/** Opens `swift://container/prefix`. Nothing is asked of the network yet. */
export async function openSwift(url, access) {
    const place = parseSwiftUrl(url);
    const credentials = await findCredentials(access, place);
    return new SwiftTarget(place, new Sessions(credentials, access), access);
}
/**
 * Keeps objects in a container of OpenStack Swift. Swift looks whether a name is taken before it writes: of several writers at the same
 * time all may win, and the last one's content stays. What Holdfast writes has unique names, so nothing rests on that.
 */
export class SwiftTarget {
    label;
    paced = true;
    #place;
    #sessions;
    #access;
    #clock;
    #isSkewTold = false;
    constructor(place, sessions, access) {
        this.#place = place;
        this.#sessions = sessions;
        this.#access = access;
        this.#clock = access.clock ?? systemClock;
        this.label = `swift://${place.container}/${place.prefix}`.replace(/\/$/, '');
    }
    async create({ container = false, signal } = {}) {
        const what = `Cannot use ${this.label}`;
        if (await this.#hasContainer(what, signal))
            return;
        if (!container)
            throw swiftError(what, { status: 404, headers: new Headers() }, this.#clock.wallMs());
        await this.#done({ method: 'PUT', path: this.#container, signal, what: `Cannot make ${this.label}` });
    }
    async put(name, body, options = {}) {
        await this.#store(name, body, { 'if-none-match': '*', ...this.#expiry(name) }, options);
    }
    async replace(name, body, options = {}) {
        await this.#store(name, body, {}, options);
    }
    async *get(name, range, { signal } = {}) {
        const path = this.#path(name);
        if (range !== undefined)
            checkRange(range);
        const what = `Cannot read ${name} from ${this.label}`;
        if (range?.length === 0)
            return await this.#expectUntil(name, range.offset, what, signal);
        const headers = range === undefined ? {} : { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
        const response = await this.#send({ method: 'GET', path, headers, signal, what });
        if (response.status === 404) {
            await response.discard();
            await this.#requireContainer(what, signal);
            throw new ObjectMissingError(this.label, name);
        }
        if (response.status === 416 && range !== undefined) {
            await response.discard();
            throw tooShort(what, undefined, range);
        }
        if (response.status !== 200 && response.status !== 206)
            throw await this.#refused(response, what);
        if (range === undefined)
            yield* wholeBody(response, what, name);
        else
            yield* rangeBody(response, what, range);
    }
    async stat(name, { signal } = {}) {
        const path = this.#path(name);
        const what = `Cannot look for ${name} in ${this.label}`;
        const response = await this.#send({ method: 'HEAD', path, signal, what });
        await response.discard();
        if (response.status === 404) {
            await this.#requireContainer(what, signal);
            return undefined;
        }
        if (response.status !== 200)
            throw await this.#refused(response, what);
        const sizeBytes = Number(response.headers.get('content-length') ?? Number.NaN);
        if (!Number.isSafeInteger(sizeBytes)) {
            throw new TargetError(`${what}: the answer does not say how long it is.`, { transient: false });
        }
        return { name, sizeBytes, modifiedMs: modifiedMs(response.headers) };
    }
    list(prefix, options = {}) {
        return objectsOfPages(this.label, prefix, (after) => this.listPage(prefix, { after, folders: false }, options));
    }
    listFolders(prefix, options = {}) {
        return foldersOfPages(this.label, prefix, (after) => this.listPage(prefix, { after, folders: true }, options));
    }
    /** Swift says that only an empty page is the end: a short one can come from a container in shards. */
    async listPage(prefix, { after, folders }, { signal } = {}) {
        checkPrefix(prefix);
        const own = this.#place.prefix;
        const query = new URLSearchParams({ format: 'json', prefix: own + prefix });
        if (folders)
            query.set('delimiter', '/');
        if (after !== undefined)
            query.set('marker', own + after);
        const what = `Cannot list ${prefix === '' ? 'the objects' : prefix} in ${this.label}`;
        const response = await this.#send({ method: 'GET', path: `${this.#container}?${query}`, signal, what });
        if (response.status === 204) {
            await response.discard();
            return { objects: [], folders: [], next: undefined };
        }
        if (response.status !== 200)
            throw await this.#refused(response, what);
        const entries = parsePage(await response.text(MOST_PAGE_BYTES), what);
        const page = {
            objects: [],
            folders: [],
            next: undefined,
        };
        let last;
        for (const entry of entries) {
            last = 'subdir' in entry ? entry.subdir : entry.name;
            if ('subdir' in entry)
                page.folders.push(last.slice((own + prefix).length).replace(/\/$/, ''));
            else if (last.startsWith(own)) {
                const { bytes: sizeBytes, last_modified } = entry;
                page.objects.push({
                    name: last.slice(own.length),
                    sizeBytes,
                    modifiedMs: Date.parse(`${last_modified}Z`),
                });
            }
        }
        return { ...page, next: last?.slice(own.length) };
    }
    async remove(name, { signal } = {}) {
        const what = `Cannot remove ${name} from ${this.label}`;
        const response = await this.#send({ method: 'DELETE', path: this.#path(name), signal, what });
        await response.discard();
        if (response.status === 404)
            return await this.#requireContainer(what, signal);
        if (response.status > 299)
            throw await this.#refused(response, what);
    }
    async [Symbol.asyncDispose]() { }
    async #store(name, body, headers, { signal, pace }) {
        const path = this.#path(name);
        const what = `Cannot store ${name} in ${this.label}`;
        signal?.throwIfAborted();
        const md5 = createHash('md5').update(body).digest('hex');
        const response = await this.#send({
            method: 'PUT',
            path,
            headers: { ...headers, etag: md5, 'content-type': 'application/octet-stream' },
            body,
            pace,
            signal,
            what,
        });
        await response.discard();
        if (response.status === 412)
            throw new ObjectExistsError(this.label, name);
        if (response.status !== 201)
            throw await this.#refused(response, what);
        const stored = md5Of(response.headers);
        if (stored !== undefined && stored !== md5) {
            throw new TargetError(`${what}: the storage keeps other bytes than it was sent (ETag).`, {
                transient: false,
                hint: 'Something before the storage changes what is sent: run "holdfast verify" when it is repaired.',
            });
        }
    }
    /** Only what belongs to a generation ends with it; the repository's marker, keys and reports stay. */
    #expiry(name) {
        const { expireAfterMs } = this.#place;
        if (expireAfterMs === undefined || !/^[^/]+\/\d{8}T\d{6}Z-[^/]+\//.test(name))
            return {};
        // The server counts from its own clock, and keeps X-Delete-At.
        return { 'x-delete-after': String(Math.ceil(expireAfterMs / 1000)) };
    }
    async #expectUntil(name, offset, what, signal) {
        const info = await this.stat(name, { signal });
        if (info === undefined)
            throw new ObjectMissingError(this.label, name);
        if (info.sizeBytes < offset)
            throw tooShort(what, info.sizeBytes, { offset, length: 0 });
    }
    /** What is missing may be the container: that is never taken for an empty repository. */
    async #requireContainer(what, signal) {
        if (await this.#hasContainer(what, signal))
            return;
        throw swiftError(what, { status: 404, headers: new Headers() }, this.#clock.wallMs());
    }
    async #hasContainer(what, signal) {
        const response = await this.#send({ method: 'HEAD', path: this.#container, signal, what });
        await response.discard();
        if (response.status === 404)
            return false;
        // Who may use a container need not be allowed to look at it.
        if (response.status <= 299 || response.status === 403)
            return true;
        throw await this.#refused(response, what);
    }
    async #done(call) {
        const response = await this.#send(call);
        if (response.status > 299)
            throw await this.#refused(response, call.what);
        await response.discard();
    }
    /** Sends a request in the present session, and once more in a new one where that is refused. */
    async #send({ path, headers, ...call }) {
        for (let isAgain = false;; isAgain = true) {
            const session = await this.#sessions.get(call.signal);
            const response = await sendHttp({ ...call, url: `${session.storageUrl}/${path}`, headers: { ...headers, 'x-auth-token': session.token } }, { stallMs: this.#access.stallMs });
            this.#checkClock(response.headers);
            if (response.status !== 401)
                return response;
            this.#sessions.forget(session);
            if (isAgain)
                return response;
            await response.discard();
        }
    }
    async #refused(response, what) {
        await response.discard();
        return swiftError(what, response, this.#clock.wallMs());
    }
    #checkClock(headers) {
        const serverMs = Date.parse(headers.get('date') ?? '');
        const aheadMs = serverMs - this.#clock.wallMs();
        if (this.#isSkewTold || !(Math.abs(aheadMs) > CLOCK_SKEW_MS))
            return;
        this.#isSkewTold = true;
        const minutes = Math.round(Math.abs(aheadMs) / 60_000);
        this.#access.onWarning?.(`the clock of the storage is ${minutes} minutes ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's: one of them is wrong.`);
    }
    get #container() {
        return encodeURIComponent(this.#place.container);
    }
    #path(name) {
        const full = this.#place.prefix + checkObjectName(name);
        return `${this.#container}/${full.split('/').map(encodeURIComponent).join('/')}`;
    }
}
function modifiedMs(headers) {
    const seconds = Number(headers.get('x-timestamp') ?? Number.NaN);
    if (Number.isFinite(seconds))
        return Math.floor(seconds * 1000);
    return Date.parse(headers.get('last-modified') ?? '') || 0;
}
function parsePage(text, what) {
    try {
        return pageSchema.parse(JSON.parse(text));
    }
    catch (cause) {
        throw new TargetError(`${what}: the answer is no listing.`, { cause, transient: true });
    }
}
