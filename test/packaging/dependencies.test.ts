import {globSync, readFileSync} from 'node:fs';
import {isBuiltin} from 'node:module';
import {expect, test} from 'vitest';
import {neededDependencies} from '../../packaging/dependencies.ts';
import {ROOT} from '../../packaging/release.ts';

test.each(['x64', 'arm64'] as const)(
  'a package for %s brings what the built program imports, and its Node',
  (architecture) => {
    const brought = neededDependencies(architecture).map(({path}) => path);
    const files = globSync('dist/**/*.js', {cwd: ROOT});
    expect(files.length).toBeGreaterThan(50);
    const imported = files.flatMap((file) => {
      const text = readFileSync(`${ROOT}/${file}`, 'utf8');
      return [...text.matchAll(/^(?:import|export) .*? from "([^."][^"]*)"|\bimport\("([^."][^"]*)"\)/gm)];
    });
    const names = new Set(
      imported.map(([, one, other]) => one ?? other ?? '').filter((name) => !isBuiltin(name)),
    );
    for (const name of [
      ...names,
      'koffi',
      `node-linux-${architecture}`,
      `@koromix/koffi-linux-${architecture}`,
    ])
      expect(brought).toContain(`node_modules/${name}`);
    expect(brought.join(' ')).not.toMatch(/vitest|rolldown|typescript/);
  },
);
