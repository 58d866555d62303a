import type { TargetAccess } from './access.ts';
/** Settings by the names that clouds.yaml has for them; those of `auth` among the others. */
export type CloudSettings = Readonly<Record<string, string | undefined>>;
/** @throws {@link UsageError}; {@link KeyError} for a file with secrets that others may read */
export declare function readCloud(cloud: string, env: TargetAccess['env']): Promise<{
    settings: CloudSettings;
    file: string;
}>;
