import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {expect, test} from 'vitest';
import {readCommands} from '../../packaging/manifest.ts';
import {manual} from '../../packaging/tree.ts';
import {knownKeys} from '../../src/config/schema.ts';
import {EXIT} from '../../src/errors.ts';
import {hasProgram} from '../support/skips.ts';

const RELEASE = {version: '1.2.3', architecture: 'x64', epoch: 1_795_000_000, date: '2026-11-18'} as const;

test('every command has a manual page, with all of its options', () => {
  const pages = manual(RELEASE);
  for (const {words, flags} of readCommands()) {
    const page = pages[`man/man1/holdfast-${words.replaceAll(' ', '-')}.1`] ?? '';
    for (const {name} of flags) expect(page, words).toContain(name.replaceAll('-', '\\-'));
  }
});

test('holdfast(1) has every exit code, holdfast.yaml(5) every key', () => {
  const pages = manual(RELEASE);
  for (const code of Object.values(EXIT))
    expect(pages['man/man1/holdfast.1']).toContain(`\n\\fB${code}\\fR\n`);
  for (const key of knownKeys([])) expect(pages['man/man5/holdfast.yaml.5']).toContain(`\n\\fB${key}\\fR: `);
});

test.runIf(hasProgram('manual pages as mandoc sees them', 'mandoc'))(
  'mandoc finds nothing to complain about',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-manual-'));
    try {
      const files = Object.entries(manual(RELEASE)).map(([path, text]) => {
        writeFileSync(join(folder, basename(path)), text);
        return basename(path);
      });
      const {stdout} = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...files], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
    } finally {
      rmSync(folder, {recursive: true});
    }
  },
);
