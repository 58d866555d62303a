/**
 * How time, memory and space grow: with files, with the size of one sparse file, with the blobs in the catalog.
 *   node bench/scale.ts files 1000000 · node bench/scale.ts sparse 100 5 · node bench/scale.ts blobs 10000000
 * `--folder DIR` says where; the temporary folder by default. Needs the built program (npm run build).
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {growBlobs} from './lib/scale-blobs.ts';
import {growFiles} from './lib/scale-files.ts';
import {backUpSparse} from './lib/scale-sparse.ts';

const {values, positionals} = parseArgs({
  options: {folder: {type: 'string', default: tmpdir()}},
  allowPositionals: true,
});
const [what, first, second] = positionals;
const scratch = mkdtempSync(join(values.folder, 'holdfast-scale-'));
try {
  if (what === 'files') growFiles(scratch, Number(first ?? 50_000));
  else if (what === 'sparse') backUpSparse(scratch, Number(first ?? 10), Number(second ?? 0.5));
  else if (what === 'blobs') growBlobs(scratch, Number(first ?? 1_000_000));
  else throw new Error('node bench/scale.ts files COUNT | sparse GB DATA-GB | blobs COUNT [--folder DIR]');
} finally {
  rmSync(scratch, {recursive: true});
}
