import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {configJsonSchema} from '../src/config/schema.ts';
import {bashCompletion} from './completions/bash.ts';
import {fishCompletion} from './completions/fish.ts';
import {zshCompletion} from './completions/zsh.ts';
import type {Dependency} from './dependencies.ts';
import {readCommands, readTopics} from './manifest.ts';
import {commandPage, pageName} from './manual/command-pages.ts';
import {configPage, type Schema} from './manual/config-page.ts';
import {mainPage} from './manual/main-page.ts';
import {stageProgram} from './program.ts';
import {type Release, ROOT} from './release.ts';

export interface Layout {
  /** Below the prefix: where this system's zsh looks. */
  readonly zsh: string;
}

/** `bin`, `lib` and `share` below `prefix`, as they are below /usr. */
export function stageTree(prefix: string, release: Release, layout: Layout): Dependency[] {
  const packages = stageProgram(join(prefix, 'lib/holdfast'), release.architecture);
  mkdirSync(join(prefix, 'bin'), {recursive: true});
  symlinkSync('../lib/holdfast/bin/holdfast', join(prefix, 'bin/holdfast'));
  for (const [path, text] of Object.entries({...manual(release), ...completions(layout)}))
    write(join(prefix, 'share', path), text);
  const documents = join(prefix, 'share/doc/holdfast');
  for (const path of ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'contrib', 'docs'])
    cpSync(join(ROOT, path), join(documents, path), {recursive: true});
  return packages;
}

/** All manual pages, by their path below share/. */
export function manual(release: Release): Record<string, string> {
  const commands = readCommands();
  return {
    'man/man1/holdfast.1': mainPage(commands, release),
    'man/man5/holdfast.yaml.5': configPage(configJsonSchema() as Schema, release),
    ...Object.fromEntries(
      commands.map((command) => [`man/man1/${pageName(command.words)}.1`, commandPage(command, release)]),
    ),
  };
}

/** The completions of the shells, by their path below share/. */
export function completions({zsh}: Layout): Record<string, string> {
  const grammar = {commands: readCommands(), topics: readTopics()};
  return {
    'bash-completion/completions/holdfast': bashCompletion(grammar),
    [`${zsh}/_holdfast`]: zshCompletion(grammar),
    'fish/vendor_completions.d/holdfast.fish': fishCompletion(grammar),
  };
}

const PROGRAMS = /\/(?:bin\/(?:holdfast|node|run\.js)|DEBIAN\/(?:prerm|postrm))$/;

/** Gives everything the same modes and times wherever, and by whomever, a package is made. `modes` has exceptions, by path. */
export function settle(root: string, epoch: number, modes: Readonly<Record<string, number>> = {}): void {
  const paths = ['', ...globSync('**/*', {cwd: root})].map((path) => join(root, path));
  for (const path of paths) {
    const stat = lstatSync(path);
    if (!stat.isSymbolicLink()) {
      const usual = stat.isDirectory() || PROGRAMS.test(path) ? 0o755 : 0o644;
      chmodSync(path, modes[path.slice(root.length + 1)] ?? usual);
    }
  }
  for (const path of paths) lutimesSync(path, epoch, epoch);
}

export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, content);
}
