import { Command, type Interfaces } from '@oclif/core';
import { type ExitCode } from '../errors.ts';
import type { OnProgress } from '../operations/progress.ts';
import { Output } from './output.ts';
/** What all commands share: options, output, progress, signals, and errors turned into messages and exit codes. */
export declare abstract class BaseCommand extends Command {
    #private;
    static enableJsonFlag: boolean;
    static baseFlags: {
        config: Interfaces.OptionFlag<string | undefined, Interfaces.CustomOptions>;
        repository: Interfaces.OptionFlag<string | undefined, Interfaces.CustomOptions>;
        quiet: Interfaces.BooleanFlag<boolean>;
    };
    /** All that the command says. */
    protected readonly output: Output;
    constructor(argv: string[], config: Command['config']);
    /** Aborted by SIGINT, SIGTERM, or when nobody reads standard output any more. */
    protected get signal(): AbortSignal;
    /** Give this to an operation as `onProgress`. It shows what `--quiet` and `--progress` allow. */
    protected readonly showProgress: OnProgress;
    /** The command did its work, but incompletely or with warnings. */
    protected incomplete(): void;
    /** Ends with this exit code if nothing worse happens. Damage found outweighs all else, and everything outweighs warnings. */
    protected endWith(exitCode: ExitCode): void;
    /** Asks before something is destroyed; off a terminal it needs `--yes`. */
    protected confirm(question: string, { yes }: {
        yes: boolean;
    }): Promise<boolean>;
    protected init(): Promise<void>;
    protected parse<F extends Interfaces.OutputFlags<Interfaces.FlagInput>, B extends Interfaces.OutputFlags<Interfaces.FlagInput>, A extends Interfaces.OutputArgs<Interfaces.ArgInput>>(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>>;
    protected catch(error: Error): Promise<never>;
    protected finally(error: Error | undefined): Promise<void>;
    /** Text for people on stdout; with `--json` it stays away. */
    log(message?: string): void;
    logToStderr(message?: string): void;
    warn(input: Error | string): Error | string;
    protected logJson(json: unknown): void;
    protected toErrorJson(error: unknown): object;
}
