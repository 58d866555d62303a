/** Prints a page as PDF with a browser of this machine: no library makes a better one, and none needs to be installed for it. */
import {chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {RestoreError, UsageError} from '../../errors.ts';
import {findProgram} from '../../operations/drill/server.ts';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const MOST_MS = 120_000;

/** @throws {@link UsageError} where there is no browser; {@link RestoreError} if it fails */
export async function printPdf(
  page: string,
  file: string,
  searchPath: string,
  signal: AbortSignal,
): Promise<void> {
  const browser = findProgram(BROWSERS, {folder: undefined, searchPath});
  if (browser === undefined)
    throw new UsageError('A PDF is printed by Chromium or Chrome, and neither is on this machine.', {
      hint: 'Write the report with --html FILE, and print it from any browser; or install the package chromium.',
    });
  const {execa} = await import('execa');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pdf-'));
  try {
    const [source, target] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
    writeFileSync(source, page, {mode: 0o600});
    const root = process.geteuid?.() === 0 ? ['--no-sandbox'] : []; // Its sandbox does not work for root; the page is ours, and has no script.
    const args = [
      '--headless',
      ...root,
      '--disable-gpu',
      '--no-pdf-header-footer',
      `--user-data-dir=${join(folder, 'profile')}`,
      `--print-to-pdf=${target}`,
    ];
    const result = await execa(browser, [...args, pathToFileURL(source).href], {
      reject: false,
      stdio: 'ignore',
      timeout: MOST_MS,
      cancelSignal: signal,
      env: {HOME: folder},
    });
    signal.throwIfAborted();
    if (result.failed)
      throw new RestoreError(`${browser} did not print the report.`, {
        hint: 'Write it with --html FILE, and print it from any browser.',
      });
    copyFileSync(target, file);
    chmodSync(file, 0o600); // It may name files.
  } finally {
    rmSync(folder, {recursive: true, force: true, maxRetries: 5});
  }
}
