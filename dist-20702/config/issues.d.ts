import type { z } from 'zod';
import type { ConfigDocument } from './document.ts';
import { type Finding } from './problems.ts';
type Issue = z.core.$ZodIssue;
/** Puts what zod found into words, with the place of each finding. */
export declare function issueFindings(issues: readonly Issue[], document: ConfigDocument): Finding[];
export {};
