/** The emergency kit: what `init` writes beside the backups, so that they can be restored without Holdfast. */
import {readFileSync} from 'node:fs';
import {RECOVERY_GUIDE, RECOVERY_SCRIPT, sha256} from './layout.ts';

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

/** SHA-256 of the kits that earlier versions wrote. A release adds those of its own before they change. */
const FORMER: ReadonlySet<string> = new Set([
  '5cc19fe0ed9dbd68f3f3cff901643c11f2a4621dd1c1b93d59388713e97c9fa8', // RECOVERY.md of 0.1.0
  '475d3c68b0906851881787424c2e258cd56d7632539bca819b5b3d4f6a1c2381', // recover.py of 0.1.0
  '104906c849bcdc30a3b6d4cf57a34d0e155fb5abcd3e219f7ec7125b4a0bcf3f', // recover.py before `prune --repack`
]);

/** Whether these are the bytes of a kit that some Holdfast wrote. */
export function isOurKit({content}: KitFile, bytes: Uint8Array): boolean {
  return content.equals(bytes) || FORMER.has(sha256(bytes));
}
