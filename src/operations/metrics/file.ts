/** The file that node_exporter's textfile collector reads: always whole, and readable by everybody. */
import {closeSync, fchmodSync, openSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {isMissing} from '../../system/system-error.ts';
import {Metrics} from './metrics.ts';

/** It is a page of text; what is larger is not ours. */
const MOST_CHARACTERS = 2 ** 20;

/** What was written last; empty before the first time. @throws what the system says */
export function readMetrics(path: string): Metrics {
  try {
    const text = readFileSync(path, 'utf8');
    return Metrics.parse(text.length > MOST_CHARACTERS ? '' : text);
  } catch (error) {
    if (isMissing(error)) return new Metrics();
    throw error;
  }
}

/** @throws what the system says */
export function writeMetrics(path: string, metrics: Metrics): void {
  // Not *.prom: nobody reads it before it is whole. One name, so that killed runs leave one at most.
  const part = join(dirname(path), `.${basename(path)}.part`);
  rmSync(part, {force: true});
  const file = openSync(part, 'wx', 0o644);
  try {
    fchmodSync(file, 0o644);
    writeFileSync(file, metrics.toText(basename(path, '.prom')));
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}
