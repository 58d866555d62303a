import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import {leftOut} from './skips.ts';

/** Other OpenPGP programs: `test/servers/openpgp-tools.sh` unpacks them; `HOLDFAST_OPENPGP_TOOLS` names their folder. */
export type OpenPgpProgram = 'gpg' | 'rsop' | 'sq' | 'sqop';

/** The path of a program, or its bare name where it is not found: running that fails by name. */
export function openPgpProgram(name: OpenPgpProgram): string {
  return find(name) ?? name;
}

/** Why tests with these programs cannot run, for the name of what is skipped; undefined if they can, or must. */
export function whyWithout(...names: OpenPgpProgram[]): string | undefined {
  if (process.env['HOLDFAST_TEST_SERVERS'] === 'required') return undefined;
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length === 0) return undefined;
  const reason = `no ${missing.join(', ')}; see test/servers/openpgp-tools.sh`;
  leftOut(`tests with ${names.join(', ')}`, reason);
  return `SKIPPED: ${reason}`;
}

function find(name: OpenPgpProgram): string | undefined {
  const folders = [process.env['HOLDFAST_OPENPGP_TOOLS'], ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder ?? '', name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path.includes('/');
  } catch {
    return false;
  }
}
