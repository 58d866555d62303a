import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {ROOT} from './release.ts';

export interface Flag {
  readonly name: string;
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly env?: string;
  readonly helpGroup?: string;
  /** What stands for the value, such as `FILE`. */
  readonly helpValue?: string;
  readonly hidden?: boolean;
  readonly multiple?: boolean;
  /** There is `--no-NAME`, too. */
  readonly allowNo?: boolean;
  readonly options?: readonly string[];
}

export interface Argument {
  readonly name: string;
  readonly description?: string;
  readonly hidden?: boolean;
  readonly multiple?: boolean;
  readonly required?: boolean;
}

export interface Command {
  /** As it is typed: `drill run`. */
  readonly words: string;
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly args: readonly Argument[];
  readonly flags: readonly Flag[];
}

export interface Topic {
  readonly name: string;
  readonly description: string;
}

interface ManifestCommand {
  readonly id: string;
  readonly hidden?: boolean;
  readonly summary?: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly args: Readonly<Record<string, Argument>>;
  readonly flags: Readonly<Record<string, Flag>>;
}

/** What the command line consists of, from the manifest that the build writes; sorted, without what is hidden. */
export function readCommands(): Command[] {
  const {commands} = readJson('oclif.manifest.json') as {commands: Record<string, ManifestCommand>};
  return Object.values(commands)
    .filter(({hidden}) => hidden !== true)
    .map(command)
    .sort((a, b) => (a.words < b.words ? -1 : 1));
}

/** The words that stand before others, such as `drill`. */
export function readTopics(): Topic[] {
  const {oclif} = readJson('package.json') as {oclif: {topics: Record<string, {description: string}>}};
  return Object.entries(oclif.topics).map(([name, {description}]) => ({name, description}));
}

function command({id, summary = '', description = '', examples = [], args, flags}: ManifestCommand): Command {
  const words = id.replaceAll(':', ' ');
  return {
    words,
    summary,
    description,
    examples: examples.map((example) =>
      example.replaceAll('<%= config.bin %>', 'holdfast').replaceAll('<%= command.id %>', words),
    ),
    args: Object.values(args).filter(({hidden}) => hidden !== true),
    flags: Object.values(flags)
      .filter(({hidden}) => hidden !== true)
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}
