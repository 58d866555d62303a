import type { SecretKeyPacket, SecretSubkeyPacket } from 'openpgp';
/** Has a locked packet derive its key here, if it is protected with Argon2. What cannot be derived is left to openpgp.js to refuse. */
export declare function deriveNatively(packet: SecretKeyPacket | SecretSubkeyPacket): void;
