import { openSession } from '../crypto/message.js';
import { PacketError } from '../crypto/packets.js';
import { inspectMessage } from '../crypto/seipd.js';
import { DamageError, HoldfastError } from '../errors.js';
import { readObject } from '../targets/read.js';
import { ObjectMissingError } from '../targets/target.js';
import { encryptionFingerprint } from './agent.js';
import { BlobIndex } from './blob-index.js';
import { INDEX_MOST_BYTES, readIndex } from './index-object.js';
import { indexObject, packObject, sha256 } from './layout.js';
import { FrameLoader, shapeOf } from './unpacking/frame-loader.js';
import { Unpacker } from './unpacking/unpacker.js';
/** Serves one reader at a time. Disposing of it ends its threads. */
export class BlobReader {
    generation;
    #repository;
    #needed;
    #index = new BlobIndex();
    #sessions = new Map();
    #unpacker;
    #loader;
    #own;
    /** @param needed names of the packs that a seal counts on; of a blob in several packs, one in these is taken */
    constructor(repository, generation, needed) {
        this.#repository = repository;
        this.#needed = needed;
        this.generation = generation;
        this.#unpacker = new Unpacker(generation.blobIdKey);
        this.#loader = new FrameLoader({
            target: repository.target,
            unpacker: this.#unpacker,
            nameOf: (pack) => packObject(generation, pack.name),
            index: this.#index,
            sessionKey: (message) => this.#packSession(message),
        });
    }
    async [Symbol.asyncDispose]() {
        await this.#unpacker[Symbol.asyncDispose]();
    }
    /**
     * Takes in an index object, after checking its name, signature and place.
     * @param mostBytes its size, where a seal tells it
     * @throws {@link DamageError}
     */
    async addIndex(name, agents, mostBytes = INDEX_MOST_BYTES) {
        const object = indexObject(this.generation, name);
        const bytes = await this.#fetch(object, Math.min(mostBytes, INDEX_MOST_BYTES));
        if (sha256(bytes) !== name)
            throw new DamageError(object, 'its content does not match its name');
        await this.#reading(object, async () => {
            const key = await this.#session(inspectMessage(bytes, bytes.length).pkesks);
            const place = { repository: this.#repository.id, ...this.generation };
            for (const record of await readIndex(bytes, key, agents, place))
                this.#index.add(record, this.#needed === undefined || this.#needed.has(record.pack));
        });
    }
    /** What the index says. */
    get index() {
        return this.#index;
    }
    /** Has a blob fetched that will be read soon. Whoever calls this calls {@link release} as often. */
    want(id) {
        const place = this.#index.find(id);
        if (place !== undefined)
            this.#loader.want(place.frame);
    }
    release(id) {
        const place = this.#index.find(id);
        if (place !== undefined)
            this.#loader.release(place.frame);
    }
    /**
     * A blob's content, checked against its id. It may be taken back with the next call of `read`, `want` or `release`.
     * @throws {@link DamageError}
     */
    async read(id) {
        const place = this.#index.find(id);
        if (place === undefined) {
            throw new DamageError(`blob ${id.slice(0, 16)}…`, `no index object of ${this.generation.source}/${this.generation.generation} knows it`);
        }
        const { raw, wrong } = await this.#loader.load(place.frame);
        if (wrong.includes(place.at))
            throw new DamageError(packObject(this.generation, place.frame.pack.name), 'it holds other content than the index says');
        return Buffer.from(raw.buffer, place.offset, place.length);
    }
    /**
     * Reads a whole pack and checks everything in it.
     * @returns the blobs in it that are not what their id says
     * @throws {@link DamageError} if nothing in it can be had
     */
    async checkPack(pack) {
        const object = packObject(this.generation, pack.name);
        const check = async () => {
            const bytes = await this.#fetch(object, pack.size);
            if (sha256(bytes) !== pack.name)
                throw new PacketError('its content does not match its name');
            const sessionKey = await this.#packSession(inspectMessage(bytes, bytes.length));
            const frames = pack.frames.map((frame) => shapeOf(this.#index, frame));
            return this.#unpacker.pack({ type: 'pack', sessionKey, bytes, frames });
        };
        return this.#reading(object, async () => {
            // Wrong bytes are read a second time before they count.
            const wrong = await check().catch(check);
            return pack.frames.flatMap((frame, number) => (wrong[number] ?? []).map((at) => this.#index.idOf(frame, at)));
        });
    }
    /** The blobs of a frame that cannot be read, in a pack of which something is wrong. */
    async lostIn(frame) {
        let lost;
        try {
            ({ wrong: lost } = await this.#loader.load(frame));
        }
        catch (error) {
            if (!(error instanceof DamageError))
                throw error;
            lost = Array.from({ length: frame.count }, (_, at) => at);
        }
        return lost.map((at) => this.#index.idOf(frame, at));
    }
    /** @throws `PacketError` if the message is for another key than the generation's */
    #packSession({ recipients, pkesks }) {
        this.#own ??= encryptionFingerprint(this.generation.privateKey);
        if (recipients.length !== 1 || recipients[0] !== this.#own)
            return Promise.reject(new PacketError('it is encrypted to another key'));
        return this.#session(pkesks);
    }
    #session(pkesks) {
        const id = sha256(pkesks);
        let session = this.#sessions.get(id);
        if (session === undefined) {
            session = openSession(pkesks, this.generation.privateKey);
            this.#sessions.set(id, session);
        }
        return session;
    }
    async #fetch(object, maxBytes) {
        try {
            return await readObject(this.#repository.target, object, { maxBytes });
        }
        catch (cause) {
            if (cause instanceof ObjectMissingError)
                throw new DamageError(object, 'it is missing', { cause });
            throw cause;
        }
    }
    async #reading(object, work) {
        try {
            return await work();
        }
        catch (cause) {
            if (cause instanceof HoldfastError)
                throw cause;
            throw new DamageError(object, cause.message, { cause });
        }
    }
}
