import { Command, Errors } from '@oclif/core';
import { EXIT } from '../errors.js';
import { baseFlags } from './flags.js';
import { InterruptedError, listenForInterrupts, OutputClosedError } from './interrupt.js';
import { Output } from './output.js';
import { Progress } from './progress.js';
import { describeError, reportError } from './report.js';
import { confirm } from './terminal.js';
/** What all commands share: options, output, progress, signals, and errors turned into messages and exit codes. */
export class BaseCommand extends Command {
    static enableJsonFlag = true;
    static baseFlags = baseFlags;
    /** All that the command says. */
    output;
    #controller = new AbortController();
    #listening;
    #progress;
    #progressMode = 'none';
    #exitCode = EXIT.done;
    constructor(argv, config) {
        super(argv, config);
        this.output = Output.ofProcess(process);
    }
    /** Aborted by SIGINT, SIGTERM, or when nobody reads standard output any more. */
    get signal() {
        return this.#controller.signal;
    }
    /** Give this to an operation as `onProgress`. It shows what `--quiet` and `--progress` allow. */
    showProgress = (event) => {
        this.#progress ??= new Progress({ mode: this.#progressMode, output: this.output });
        this.#progress.onProgress(event);
    };
    /** The command did its work, but incompletely or with warnings. */
    incomplete() {
        this.endWith(EXIT.incomplete);
    }
    /** Ends with this exit code if nothing worse happens. Damage found outweighs all else, and everything outweighs warnings. */
    endWith(exitCode) {
        const isWorse = exitCode === EXIT.notVerified || this.#exitCode === EXIT.done;
        if (isWorse || this.#exitCode === EXIT.incomplete)
            this.#exitCode = exitCode;
    }
    /** Asks before something is destroyed; off a terminal it needs `--yes`. */
    async confirm(question, { yes }) {
        this.output.clearStatus();
        return await confirm(question, { yes, signal: this.signal });
    }
    async init() {
        this.#listening = listenForInterrupts(this.#controller, () => {
            if (this.output.interactive)
                this.output.note('Stopping. Once more to stop at once.');
        });
        process.on('uncaughtException', this.#onUncaught);
        await super.init();
    }
    async parse(options, argv) {
        const parsed = await super.parse(options, argv);
        const flags = parsed.flags;
        if (flags['quiet'] === true || flags['progress'] === 'none')
            this.#progressMode = 'none';
        else if (flags['progress'] === 'json')
            this.#progressMode = 'json';
        else
            this.#progressMode = this.output.interactive ? 'line' : 'log';
        return parsed;
    }
    async catch(error) {
        if (error instanceof Errors.ExitError)
            throw error;
        const reason = this.signal.reason;
        if (reason instanceof OutputClosedError)
            throw new Errors.ExitError(EXIT.done);
        // What an operation throws once it was told to stop is only a consequence.
        throw new Errors.ExitError(this.#report(reason instanceof InterruptedError ? reason : error));
    }
    async finally(error) {
        this.#progress?.[Symbol.dispose]();
        this.#listening?.[Symbol.dispose]();
        if (error === undefined && this.#exitCode !== EXIT.done)
            process.exitCode = this.#exitCode;
        await super.finally(error);
    }
    /** Text for people on stdout; with `--json` it stays away. */
    log(message = '') {
        if (!this.jsonEnabled())
            this.output.print(message);
    }
    logToStderr(message = '') {
        this.output.note(message);
    }
    warn(input) {
        this.output.warn(typeof input === 'string' ? input : input.message);
        return input;
    }
    logJson(json) {
        this.output.json(json);
    }
    toErrorJson(error) {
        return this.output.errorJson(describeError(error, { command: this.#name }));
    }
    get #name() {
        return [this.config.bin, ...(this.id ?? '').split(':')].join(' ').trim();
    }
    /** Says what went wrong, and gives the exit code for it. */
    #report(error) {
        return reportError(this.output, error, { command: this.#name, json: this.jsonEnabled() });
    }
    /** Nothing in the library should come here; a full disk behind standard output does. */
    #onUncaught = (error) => {
        process.exit(this.#report(error));
    };
}
