/** The output of a command, and standard input, as sources. */
import type {CommandSourceConfig, HookCommand, StdinSourceConfig} from '../../config/source-types.ts';
import type {Dump, DumpContext} from './dump.ts';
import {demandEnd} from './end-marker.ts';
import {runProgram} from './program.ts';

export async function* dumpCommand(source: CommandSourceConfig, context: DumpContext): Dump {
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
  const {end} = source;
  const bytes =
    end === undefined ? output : demandEnd(output, label, (text) => text.trimEnd().endsWith(end.trimEnd()));
  yield {name: source.file, bytes};
  return {};
}

/** @param input what comes from outside; whether its writer succeeded cannot be known here */
export async function* dumpInput({file}: StdinSourceConfig, input: AsyncIterable<Uint8Array>): Dump {
  yield {name: file, bytes: input};
  return {};
}

function wordsOf({words, shell}: HookCommand): readonly [string, ...string[]] {
  return words ?? ['/bin/sh', '-c', shell];
}
