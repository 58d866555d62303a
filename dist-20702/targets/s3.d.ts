import type { TargetAccess } from './access.ts';
import { type Target } from './target.ts';
/** @throws {@link UsageError} for a URL that names no place */
export declare function openS3(url: string, access: TargetAccess): Target;
