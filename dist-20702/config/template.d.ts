export interface TemplateOptions {
    /** A URL or an absolute path. */
    readonly repository: string;
    readonly repositoryId: string;
    /** Absolute paths of the public keys. */
    readonly recipients: readonly string[];
    /** The absolute path of the agent's key. */
    readonly agent: string;
    /** The absolute path of the catalog. */
    readonly catalog: string;
}
/** The `holdfast.yaml` that `init` writes: valid as it stands, and showing only what works. */
export declare function renderConfigTemplate({ repository, repositoryId, recipients, agent, catalog, }: TemplateOptions): string;
