type Environment = Readonly<Record<string, string | undefined>>;
/** `$XDG_STATE_HOME/holdfast`, `/var/lib/holdfast` for root, or `~/.local/state/holdfast`. */
export declare function stateFolder(env: Environment): string;
export declare const catalogPath: (state: string, repositoryId: string) => string;
export declare const agentPath: (state: string, repositoryId: string) => string;
export declare const trustPath: (state: string, repositoryId: string) => string;
/** Which repository was met at which address. */
export declare const knownPlacesPath: (state: string) => string;
export {};
