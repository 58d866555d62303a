import {copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {copyDependencies, type Dependency, neededDependencies} from './dependencies.ts';
import {type Architecture, ROOT} from './release.ts';

const NOT_RUN = ['**/*.d.ts', '**/*.wat', 'dist/.stamp'];

/** The program with its Node and nothing that it does not run, into `folder`. */
export function stageProgram(folder: string, architecture: Architecture): Dependency[] {
  const dependencies = neededDependencies(architecture);
  const fresh = `${folder}-modules`;
  copyDependencies(dependencies, folder, fresh, architecture);
  rmSync(fresh, {recursive: true});
  const built = globSync('dist/**/*.*', {cwd: ROOT, exclude: NOT_RUN});
  const launchers = ['bin/run.js', 'bin/start.js', 'bin/pinned-node.js'];
  for (const path of [...built, ...launchers, 'dist/chunks/LICENSES', 'oclif.manifest.json'])
    copy(join(ROOT, path), join(folder, path));
  copy(join(ROOT, 'packaging/files/holdfast'), join(folder, 'bin/holdfast'));
  writePackageFile(folder, dependencies);
  return dependencies;
}

/** What oclif and the version need of package.json. */
function writePackageFile(folder: string, packages: readonly Dependency[]): void {
  const whole = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;
  const {name, version, description, license, type, bin, engines, oclif} = whole;
  const direct = packages.filter(({path}) => path.lastIndexOf('node_modules/') === 0);
  const dependencies = Object.fromEntries(direct.map((one) => [one.name, one.version]));
  const kept = {name, version, description, license, type, bin, engines, oclif, dependencies};
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), {recursive: true});
  copyFileSync(from, to);
}
