/** Argon2 (RFC 9580 §3.7.1.4) by node:crypto: half the time of the WebAssembly in openpgp.js, and beside the main thread. */
import { argon2 } from 'node:crypto';
import { promisify } from 'node:util';
const derive = promisify(argon2);
/** Has a locked packet derive its key here, if it is protected with Argon2. What cannot be derived is left to openpgp.js to refuse. */
export function deriveNatively(packet) {
    const { s2k } = packet;
    if (s2k?.type !== 'argon2')
        return;
    const refuse = s2k.produceKey.bind(s2k);
    s2k.produceKey = (passphrase, tagLength, config) => {
        const memory = 2 ** s2k.encodedM;
        const isSound = s2k.t > 0 && s2k.p > 0 && memory >= 8 * s2k.p && s2k.encodedM <= config.maxArgon2MemoryExponent;
        if (!isSound)
            return refuse(passphrase, tagLength, config);
        return derive('argon2id', {
            message: Buffer.from(passphrase),
            nonce: s2k.salt,
            parallelism: s2k.p,
            tagLength,
            memory,
            passes: s2k.t,
        });
    };
}
