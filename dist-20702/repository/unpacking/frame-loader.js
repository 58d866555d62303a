/** Fetches frames of packs, ahead of who reads them, within a fixed amount of memory. */
import { LITERAL_HEADER_LENGTH, PacketError } from '../../crypto/packets.js';
import { checkEnd, END_BYTES, inspectMessage, sealedRange } from '../../crypto/seipd.js';
import { DamageError } from '../../errors.js';
import { readObject, WrongLengthError } from '../../targets/read.js';
import { ObjectMissingError } from '../../targets/target.js';
import { UnpackError } from './unpack.js';
/** Decompressed frames that are kept or on their way; what is asked for at once may go beyond it. */
const KEPT_BYTES = 24 * 2 ** 20;
/** What is fetched at once: frames that follow each other in a pack. */
const STRIPE_BYTES = 4 * 2 ** 20;
const STRIPE_RAW_BYTES = 8 * 2 ** 20;
const PARALLEL_STRIPES = 3;
/** Holds the PKESK packet and the beginning of the SEIPD packet. */
const HEAD_BYTES = 1024;
export class FrameLoader {
    #options;
    #messages = new Map();
    /** Waiting for room, in the order of their need. */
    #wanted = new Map();
    /** There or on their way; what was used longest ago first. */
    #loaded = new Map();
    #keptBytes = 0;
    #loading = 0;
    constructor(options) {
        this.#options = options;
    }
    /** Has a frame fetched as soon as there is room. Whoever calls this calls {@link release} as often. */
    want(frame) {
        const known = this.#loaded.get(frame) ?? this.#wanted.get(frame);
        if (known !== undefined)
            known.wants++;
        else
            this.#wanted.set(frame, { wants: 1 });
        this.#fillRoom();
    }
    release(frame) {
        const known = this.#loaded.get(frame) ?? this.#wanted.get(frame);
        if (known === undefined)
            return;
        known.wants--;
        if (known.wants <= 0)
            this.#wanted.delete(frame);
        this.#fillRoom();
    }
    /**
     * A frame, wanted before or not. Its memory may be taken back with the next call of any method of this loader.
     * @throws {@link DamageError}
     */
    async load(frame) {
        let loaded = this.#loaded.get(frame);
        if (loaded === undefined) {
            this.#makeRoom(frame.raw);
            this.#start(this.#stripeAt(frame));
            loaded = this.#loaded.get(frame);
        }
        else {
            this.#loaded.delete(frame);
            this.#loaded.set(frame, loaded);
        }
        return loaded.settled ?? (await loaded.unpacked);
    }
    #fillRoom() {
        for (const frame of this.#wanted.keys()) {
            if (this.#loading >= PARALLEL_STRIPES)
                return;
            this.#makeRoom(frame.raw);
            if (this.#keptBytes + frame.raw > KEPT_BYTES)
                return;
            this.#start(this.#stripeAt(frame));
        }
    }
    /** Lets go of what nobody wants any more, oldest first, until `bytes` more may be kept. */
    #makeRoom(bytes) {
        for (const [frame, loaded] of this.#loaded) {
            if (this.#keptBytes + bytes <= KEPT_BYTES)
                return;
            if (loaded.wants > 0 || loaded.settled === undefined)
                continue;
            this.#forget(frame);
            loaded.settled.raw.buffer.transfer(0); // Frees it sooner than the garbage collector would.
        }
    }
    #forget(frame) {
        if (this.#loaded.delete(frame))
            this.#keptBytes -= frame.raw;
    }
    /** The frame, and those behind it that are wanted, too. */
    #stripeAt(first) {
        const stripe = [first];
        const { frames } = first.pack;
        let raw = first.raw;
        for (let at = frames.indexOf(first) + 1; at < frames.length; at++) {
            const frame = frames[at];
            raw += frame.raw;
            const size = frame.offset + frame.size - first.offset;
            if (!this.#wanted.has(frame) || size > STRIPE_BYTES || raw > STRIPE_RAW_BYTES)
                break;
            if (this.#keptBytes + raw > KEPT_BYTES)
                break;
            stripe.push(frame);
        }
        return stripe;
    }
    #start(stripe) {
        const unpacked = this.#unpack(stripe);
        stripe.forEach((frame, number) => {
            const one = unpacked.then((all) => all[number]);
            const loaded = {
                wants: this.#wanted.get(frame)?.wants ?? 0,
                unpacked: one,
                settled: undefined,
            };
            this.#wanted.delete(frame);
            this.#loaded.set(frame, loaded);
            this.#keptBytes += frame.raw;
            one.then((settled) => {
                loaded.settled = settled;
            }, () => this.#forget(frame));
        });
        this.#loading++;
        const next = () => {
            this.#loading--;
            this.#fillRoom();
        };
        unpacked.then(next, next);
    }
    /** Bytes that turn out wrong are fetched a second time before they count. */
    async #unpack(stripe) {
        try {
            return await this.#unpackOnce(stripe);
        }
        catch (error) {
            if (!(error instanceof PacketError || error instanceof UnpackError))
                throw error;
            this.#messages.delete(stripe[0].pack.name);
        }
        try {
            return await this.#unpackOnce(stripe);
        }
        catch (cause) {
            if (!(cause instanceof PacketError || cause instanceof UnpackError))
                throw cause;
            throw new DamageError(this.#options.nameOf(stripe[0].pack), cause.message, { cause });
        }
    }
    async #unpackOnce(stripe) {
        const { unpacker, index, sessionKey } = this.#options;
        const [first] = stripe;
        const last = stripe.at(-1) ?? first;
        const message = await this.#message(first.pack);
        const { firstChunk, ...range } = sealedRange(message, LITERAL_HEADER_LENGTH + first.offset, last.offset + last.size - first.offset);
        const [sealed, key] = await Promise.all([this.#read(first.pack, range), sessionKey(message)]);
        const frames = stripe.map((frame) => shapeOf(index, frame));
        return unpacker.stripe({ type: 'stripe', message, sessionKey: key, sealed, firstChunk, frames });
    }
    #message(pack) {
        let message = this.#messages.get(pack.name);
        if (message === undefined) {
            message = this.#open(pack);
            this.#messages.set(pack.name, message);
            message.catch(() => this.#messages.delete(pack.name));
        }
        return message;
    }
    /** A pack of another size, or with another end, is not the one that the index means, even if a part of it would do. */
    async #open(pack) {
        const object = this.#options.nameOf(pack);
        const found = await this.#options.target.stat(object);
        if (found === undefined)
            throw new DamageError(object, 'it is missing');
        if (found.sizeBytes !== pack.size)
            throw new DamageError(object, `it has ${found.sizeBytes} bytes instead of ${pack.size}`);
        const [head, end] = await Promise.all([
            this.#read(pack, { offset: 0, length: Math.min(HEAD_BYTES, pack.size) }),
            this.#read(pack, { offset: Math.max(pack.size - END_BYTES, 0), length: Math.min(END_BYTES, pack.size) }),
        ]);
        const message = inspectMessage(head, pack.size);
        checkEnd(message, await this.#options.sessionKey(message), end);
        return message;
    }
    async #read(pack, range) {
        const object = this.#options.nameOf(pack);
        try {
            return await readObject(this.#options.target, object, { maxBytes: range.length, range });
        }
        catch (cause) {
            if (cause instanceof ObjectMissingError)
                throw new DamageError(object, 'it is missing', { cause });
            if (cause instanceof WrongLengthError)
                throw new UnpackError('the storage does not give the bytes that it has', { cause });
            throw cause;
        }
    }
}
/** What unpacking has to know of a frame. */
export function shapeOf(index, frame) {
    const { offset, size, raw } = frame;
    return { offset, size, raw, ids: index.idsOf(frame).slice(), lengths: index.lengthsOf(frame).slice() };
}
