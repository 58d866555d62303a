import {readFileSync} from 'node:fs';

/** What every system allows. */
const LEAST = 256;

/** How many files and directories this process may have open. Node has raised it to what the system allows. */
export function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(soft ?? LEAST);
  } catch {
    return LEAST; // Not Linux.
  }
}
