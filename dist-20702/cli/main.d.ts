import { type Interfaces } from '@oclif/core';
/**
 * Runs the command line. Errors inside our commands are reported by `BaseCommand`; what arrives here happened around
 * them: an unknown command, a wrong option of one of oclif's own commands, a bug.
 */
export declare function main(argv: string[], options: Interfaces.Options): Promise<void>;
