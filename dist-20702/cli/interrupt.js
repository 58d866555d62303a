import { EXIT, HoldfastError } from '../errors.js';
/** The user, or whoever stops services, asked us to stop. */
export class InterruptedError extends HoldfastError {
    code = 'INTERRUPTED';
    exitCode;
    constructor(signal) {
        super(signal === 'SIGINT' ? 'Interrupted.' : 'Terminated.', {
            hint: 'Run the same command again: what was finished is kept.',
        });
        this.exitCode = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    }
}
/** Whoever read our standard output has gone, as in `holdfast ls | head`. Nothing went wrong. */
export class OutputClosedError extends Error {
    constructor() {
        super('Standard output was closed.');
        this.name = 'OutputClosedError';
    }
}
/**
 * Turns SIGINT, SIGTERM and a closed standard output into an abort of `controller`. A second signal ends the process
 * at once. Disposing gives the signals back.
 */
export function listenForInterrupts(controller, onFirst) {
    const onSignal = (name) => {
        const error = new InterruptedError(name);
        if (controller.signal.reason instanceof InterruptedError)
            process.exit(error.exitCode);
        onFirst();
        controller.abort(error);
    };
    const onOutputError = (error) => {
        if (error.code === 'EPIPE')
            controller.abort(new OutputClosedError());
    };
    // With nobody to read it, what we say about the run is lost; the run is not.
    const ignore = () => { };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    process.stdout.on('error', onOutputError);
    process.stderr.on('error', ignore);
    return {
        [Symbol.dispose]() {
            process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
            process.stdout.off('error', onOutputError);
        },
    };
}
