import {Command, Errors, type Interfaces} from '@oclif/core';
import {EXIT, type ExitCode} from '../errors.ts';
import type {OnProgress} from '../operations/progress.ts';
import {assertNoEmptyVariable} from './environment.ts';
import {baseFlags} from './flags.ts';
import {InterruptedError, listenForInterrupts, OutputClosedError} from './interrupt.ts';
import {Output} from './output.ts';
import {Progress, type ProgressMode} from './progress.ts';
import {describeError, reportError} from './report.ts';
import {confirm} from './terminal.ts';

/** What all commands share: options, output, progress, signals, and errors turned into messages and exit codes. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = baseFlags;

  /** All that the command says. */
  protected readonly output: Output;
  readonly #controller = new AbortController();
  #listening: Disposable | undefined;
  #progress: Progress | undefined;
  #progressMode: ProgressMode = 'none';
  #exitCode: ExitCode = EXIT.done;
  #failedWith: number | undefined;

  constructor(argv: string[], config: Command['config']) {
    super(argv, config);
    this.output = Output.ofProcess(process);
  }

  /** Aborted by SIGINT, SIGTERM, or when nobody reads standard output any more. */
  protected get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Give this to an operation as `onProgress`. It shows what `--quiet` and `--progress` allow. */
  protected readonly showProgress: OnProgress = (event) => {
    this.#progress ??= new Progress({mode: this.#progressMode, output: this.output});
    this.#progress.onProgress(event);
  };

  /** The command did its work, but incompletely or with warnings. */
  protected incomplete(): void {
    this.endWith(EXIT.incomplete);
  }

  /** Ends with this exit code if nothing worse happens. Damage found outweighs all else, and everything outweighs warnings. */
  protected endWith(exitCode: ExitCode): void {
    const isWorse = exitCode === EXIT.notVerified || this.#exitCode === EXIT.done;
    if (isWorse || this.#exitCode === EXIT.incomplete) this.#exitCode = exitCode;
  }

  /** How it ends, as far as that is known. */
  protected get exitCode(): number {
    return this.#failedWith ?? this.#exitCode;
  }

  /** Asks before something is destroyed; off a terminal it needs `--yes`. */
  protected async confirm(question: string, {yes}: {yes: boolean}): Promise<boolean> {
    this.output.clearStatus();
    return await confirm(question, {yes, signal: this.signal});
  }

  protected override async init(): Promise<void> {
    this.#listening = listenForInterrupts(this.#controller, () => {
      if (this.output.interactive) this.output.note('Stopping. Once more to stop at once.');
    });
    process.on('uncaughtException', this.#onUncaught);
    this.output.about = {command: this.#name};
    assertNoEmptyVariable(process.env);
    await super.init();
  }

  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse<F, B, A>(options, argv);
    const flags: Readonly<Record<string, unknown>> = parsed.flags;
    if (flags['quiet'] === true || flags['progress'] === 'none') this.#progressMode = 'none';
    else if (flags['progress'] === 'json') this.#progressMode = 'json';
    else this.#progressMode = this.output.interactive ? 'line' : 'log';
    return parsed;
  }

  protected override async catch(error: Error): Promise<never> {
    if (error instanceof Errors.ExitError) throw error;
    const reason: unknown = this.signal.reason;
    if (reason instanceof OutputClosedError) throw new Errors.ExitError(EXIT.done);
    // What an operation throws once it was told to stop is only a consequence.
    this.#failedWith = this.#report(reason instanceof InterruptedError ? reason : error);
    throw new Errors.ExitError(this.#failedWith);
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#progress?.[Symbol.dispose]();
    this.#listening?.[Symbol.dispose]();
    if (error === undefined && this.#exitCode !== EXIT.done) process.exitCode = this.#exitCode;
    await super.finally(error);
  }

  /** Text for people on stdout; with `--json` it stays away. */
  override log(message = ''): void {
    if (!this.jsonEnabled()) this.output.print(message);
  }

  override logToStderr(message = ''): void {
    this.output.note(message);
  }

  override warn(input: Error | string): Error | string {
    this.output.warn(typeof input === 'string' ? input : input.message);
    return input;
  }

  protected override logJson(json: unknown): void {
    this.output.json(json);
  }

  protected override toErrorJson(error: unknown): object {
    return this.output.errorJson(describeError(error, {command: this.#name}));
  }

  get #name(): string {
    return [this.config.bin, ...(this.id ?? '').split(':')].join(' ').trim();
  }

  /** Says what went wrong, and gives the exit code for it. */
  #report(error: unknown): number {
    return reportError(this.output, error, {command: this.#name, json: this.jsonEnabled()});
  }

  /** Nothing in the library should come here; a full disk behind standard output does. */
  readonly #onUncaught = (error: Error): void => {
    process.exit(this.#report(error));
  };
}
