/** The emergency kit: what `init` writes beside the backups, so that they can be restored without Holdfast. */
import {readFileSync} from 'node:fs';
import {RECOVERY_GUIDE, RECOVERY_SCRIPT} from './layout.ts';

export interface KitFile {
  readonly name: string;
  readonly content: Buffer;
}

export function kitFiles(): KitFile[] {
  return [RECOVERY_GUIDE, RECOVERY_SCRIPT].map((name) => ({
    name,
    content: readFileSync(new URL(`./kit/${name}`, import.meta.url)),
  }));
}
