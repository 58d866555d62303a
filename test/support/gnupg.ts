import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {openPgpProgram} from './openpgp-programs.ts';

/**
 * A GnuPG home of its own, with the agent that GnuPG starts in it. Never one folder twice: an agent whose folder was removed ends
 * a while later, and takes the sockets under that path with it, also those of the next agent ("No agent running").
 */
export class GnupgHome implements Disposable {
  readonly folder: string;
  readonly #passphrase: string;

  /** @param passphrase of all private keys in it; a test's secret, so it may stand in a command line */
  constructor(passphrase: string) {
    this.folder = mkdtempSync(join('/tmp', 'hf-gpg-')); // The path of a socket has at most 107 bytes.
    this.#passphrase = passphrase;
  }

  /** Runs gpg. @returns its standard output; @throws an error with what gpg said */
  run(args: readonly string[], input: string | Uint8Array = '', passphrase = this.#passphrase): Buffer {
    const words = ['--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', passphrase];
    return this.#call(openPgpProgram('gpg'), [...words, ...args], input);
  }

  /** Ends the agent, which remembers passphrases. */
  forget(): void {
    this.#call('gpgconf', ['--kill', 'all'], '');
  }

  [Symbol.dispose](): void {
    this.forget();
    // The agent removes its sockets meanwhile, over which rmSync stumbles in silence.
    while (existsSync(this.folder)) rmSync(this.folder, {recursive: true, force: true});
  }

  #call(program: string, args: readonly string[], input: string | Uint8Array): Buffer {
    const {error, status, signal, stdout, stderr} = spawnSync(program, ['--homedir', this.folder, ...args], {
      input,
      timeout: 30_000,
    });
    if (error !== undefined) throw error;
    if (status === 0) return stdout;
    throw new Error(`${program} ${args.join(' ')} ended with ${signal ?? status}:\n${stderr}`);
  }
}
