import { demandEnd } from './end-marker.js';
import { runProgram } from './program.js';
export async function* dumpCommand(source, context) {
    const [file, ...args] = wordsOf(source.command);
    const label = `The command of ${source.name} (${file})`;
    const output = runProgram({
        label,
        file,
        args,
        timeoutMs: source.timeoutMs,
        signal: context.signal,
        onSaid: (lines) => context.onNote(`${file} said: ${lines.join('; ')}`),
    });
    const { end } = source;
    const bytes = end === undefined ? output : demandEnd(output, label, (text) => text.trimEnd().endsWith(end.trimEnd()));
    yield { name: source.file, bytes };
    return {};
}
/** @param input what comes from outside; whether its writer succeeded cannot be known here */
export async function* dumpInput({ file }, input) {
    yield { name: file, bytes: input };
    return {};
}
function wordsOf({ words, shell }) {
    return words ?? ['/bin/sh', '-c', shell];
}
