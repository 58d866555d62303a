/** Runs one command class in a process of its own, as the launcher would: `node probe.ts WHAT [ARGUMENTS]`. */
import {Args, Config, Errors, Flags, flush} from '@oclif/core';
import {BaseCommand} from '../../src/cli/base-command.ts';
import {keyFlags, progressFlags, sizeFlag} from '../../src/cli/flags.ts';
import {DamageError, EXIT} from '../../src/errors.ts';

class Probe extends BaseCommand {
  static override id = 'probe';
  static override args = {what: Args.string({required: true, description: 'what to do'})};
  static override flags = {
    ...keyFlags,
    ...progressFlags,
    size: sizeFlag(),
    level: Flags.option({options: ['a', 'b'] as const})(),
  };

  async start(): Promise<void> {
    await this._run();
  }

  async run(): Promise<unknown> {
    const {args, flags} = await this.parse(Probe);
    switch (args.what) {
      case 'flags':
        this.log('text');
        return flags;
      case 'damage':
        throw new DamageError('etc/x\nError: fake\u001b[2J', 'is broken at https://me:canary@host/');
      case 'bug':
        throw Object.assign(new Error('undefined is not a function\nsecond line'), {
          request: {headers: {token: 'canary'}},
        });
      case 'float':
        setTimeout(() => {
          throw new Error('thrown elsewhere');
        });
        return await this.#wait();
      case 'incomplete':
        this.warn('one file could not be read');
        this.incomplete();
        return {warnings: 1};
      case 'damaged':
        this.incomplete();
        this.endWith(EXIT.notVerified);
        this.incomplete();
        return {ok: false};
      case 'wait':
        process.stdout.write('ready\n');
        return await this.#wait();
      case 'finish':
        process.stdout.write('ready\n');
        await this.#wait().catch(() => {});
        return {done: true};
      case 'ignore':
        process.stdout.write('ready\n');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
        return {};
      case 'flood':
        while (!this.signal.aborted) {
          this.log('line '.repeat(1000));
          await new Promise((resolve) => setImmediate(resolve));
        }
        this.signal.throwIfAborted();
        return {};
      case 'progress':
        this.showProgress({
          phase: 'backup',
          files: {done: 1},
          bytes: {done: 1},
          current: Buffer.from([0xff]),
        });
        return {};
      case 'debug':
        process.emitWarning('https://me:canary@host/');
        this.debug('https://me:canary@host/ %o', process.env['HOLDFAST_PASSPHRASE']);
        return {};
      default:
        throw Object.assign(new Error('EACCES: permission denied, open'), {
          code: 'EACCES',
          syscall: 'open',
          path: '/x',
        });
    }
  }

  async #wait(): Promise<never> {
    const timer = setTimeout(() => {}, 60_000);
    try {
      return await new Promise<never>((_, reject) => {
        this.signal.addEventListener('abort', () => reject(new Error('The operation was aborted')));
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

const root = new URL('../..', import.meta.url).pathname;
try {
  const pjson = {name: 'holdfast', version: '0.0.0', oclif: {bin: 'holdfast'}} as never;
  await new Probe(process.argv.slice(2), await Config.load({root, pjson, ignoreManifest: true})).start();
  await flush();
} catch (error) {
  process.exit(error instanceof Errors.ExitError ? error.oclif.exit : 99);
}
