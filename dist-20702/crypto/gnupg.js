/** Private keys that only GnuPG can use: on a smart card, or in its agent. Restoring machines only. */
import { KeyError, PassphraseError } from '../errors.js';
/** Secrets of a generation are small; a bomb is not unpacked. */
const MOST_BYTES = 4 * 2 ** 20;
/** What libgpg-error calls these (gpg-error.h); the number is the low half of a status line's code. */
const CODE = {
    badPassphrase: 11,
    noSecretKey: 17,
    canceled: 99,
    badPin: 87,
    fullyCanceled: 198,
    noPinentry: 86,
};
/** A private key that `gpg` finds by its fingerprint. */
export class GnupgKey {
    fingerprint;
    /** Of the key and its subkeys, lower-case hex. */
    keyIds;
    #options;
    constructor(fingerprint, keyIds, options) {
        this.fingerprint = fingerprint;
        this.keyIds = keyIds;
        this.#options = options;
    }
    /**
     * Asks gpg for a key. Nobody has to type anything yet.
     * @param fingerprint a whole one; blanks do not matter
     * @throws {@link KeyError} if there is no gpg, or it does not have the private key
     */
    static async find(fingerprint, options) {
        const hex = fingerprint.replaceAll(/\s/g, '').toLowerCase();
        if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
            throw new KeyError(`"gpg:${fingerprint}" does not name a key by its whole fingerprint.`, {
                hint: 'Run "gpg --list-secret-keys" and give all 40 digits.',
            });
        }
        const args = ['--batch', '--with-colons', '--list-secret-keys', hex];
        const { failed, stdout } = await gpg(args, new Uint8Array(), options);
        // A key on a card is listed once gpg has seen the card.
        const keyIds = Buffer.from(stdout)
            .toString('latin1')
            .split('\n')
            .map((line) => line.split(':'))
            .filter(([type]) => type === 'sec' || type === 'ssb')
            .map((fields) => (fields[4] ?? '').toLowerCase());
        if (failed || keyIds.length === 0) {
            throw new KeyError(`GnuPG does not have the private key ${hex}.`, {
                hint: 'See "gpg --list-secret-keys"; for a smart card, import the public key and run "gpg --card-status" once. GNUPGHOME names another keyring.',
            });
        }
        return new GnupgKey(hex, keyIds, options);
    }
    /**
     * Decrypts a small message.
     * @throws {@link PassphraseError} if the passphrase or PIN is wrong, missing or was not entered; {@link KeyError}
     */
    async decrypt(message) {
        const given = this.#options.passphrase;
        const args = [
            ...['--batch', '--no-tty', '--status-fd', '2', '--max-output', String(MOST_BYTES)],
            ...(given === undefined ? [] : ['--pinentry-mode', 'loopback', '--passphrase-fd', '3']),
            '--decrypt',
        ];
        const { failed, stdout, stderr } = await gpg(args, message, this.#options);
        // gpg hands out what it decrypts before it knows that it is whole.
        if (!failed && stdout.length > 0)
            return stdout;
        throw this.#explain(Buffer.from(stderr).toString('utf8'));
    }
    #explain(said) {
        const lines = said.split('\n');
        const status = lines.filter((line) => line.startsWith('[GNUPG:] ')).map((line) => line.slice(9));
        const codes = status.flatMap((line) => {
            const code = /^ERROR pkdecrypt_failed (\d+)/.exec(line)?.[1];
            return code === undefined ? [] : [Number(code) % 65_536];
        });
        const key = `the key ${this.fingerprint}`;
        if (codes.includes(CODE.canceled) || codes.includes(CODE.fullyCanceled))
            return new PassphraseError(`GnuPG did not open ${key}: it was cancelled.`, { hint: 'Run it again.' });
        if (codes.includes(CODE.badPassphrase) || codes.includes(CODE.badPin))
            return new PassphraseError(`GnuPG could not open ${key}: the passphrase or PIN is wrong.`, {
                hint: 'Run it again. A smart card locks itself after three wrong PINs.',
            });
        const reason = /^gpg: public key decryption failed: (.*)$/m.exec(said)?.[1] ??
            /^gpg: (decryption failed: .*)$/m.exec(said)?.[1] ??
            'it gave no reason';
        if (status.some((line) => line.startsWith('PINENTRY_LAUNCHED')) || /no pinentry/i.test(reason))
            return new PassphraseError(`GnuPG cannot ask for the passphrase or PIN of ${key}: ${reason}.`, {
                hint: 'Install a pinentry program and run this on a terminal, or give the passphrase with --passphrase-file.',
            });
        const isAway = codes.includes(CODE.noSecretKey) || status.some((line) => line.startsWith('NO_SECKEY'));
        return new KeyError(`GnuPG could not decrypt with ${key}: ${reason}.`, {
            hint: isAway
                ? 'If it is on a smart card, put the card in, and see whether "gpg --card-status" shows it.'
                : 'Try "gpg --decrypt" on the generation.pgp of the repository by hand.',
        });
    }
}
/** No shell, and no secret among the arguments. */
async function gpg(args, input, { env, passphrase, signal }) {
    const { execa } = await import('execa'); // Loading it takes longer than many a command.
    const result = await execa('gpg', args, {
        input,
        stdio: [
            'pipe',
            'pipe',
            'pipe',
            ...(args.includes('--passphrase-fd') && passphrase !== undefined
                ? [Buffer.from(`${passphrase.reveal()}\n`)]
                : []),
        ],
        env: { ...Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)), LC_ALL: 'C' },
        extendEnv: false,
        encoding: 'buffer',
        maxBuffer: MOST_BYTES + 65_536,
        stripFinalNewline: false,
        reject: false,
        ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    signal?.throwIfAborted();
    if (result.code === 'ENOENT') {
        throw new KeyError('The program gpg is not there, so GnuPG cannot be asked for the key.', {
            hint: 'Install GnuPG (the package gnupg), or give the key as a file with --key FILE.',
        });
    }
    return { failed: result.failed, stdout: result.stdout, stderr: result.stderr };
}
