import { z } from 'zod';
/** Keys that the config will have, at the place where they will stand. Silently passing over one could cost somebody a backup. */
export declare const LATER_KEYS: ReadonlySet<string>;
/** The file as it is written: no defaults, no substitution. */
export declare const configSchema: z.ZodObject<{
    repository: z.ZodOptional<z.ZodString>;
    repositoryId: z.ZodOptional<z.ZodString>;
    recipients: z.ZodOptional<z.ZodArray<z.ZodString>>;
    agent: z.ZodOptional<z.ZodString>;
    catalog: z.ZodOptional<z.ZodString>;
    sources: z.ZodOptional<z.ZodNullable<z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodObject<{
        before: z.ZodOptional<z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>>;
        after: z.ZodOptional<z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>>;
        full: z.ZodOptional<z.ZodString>;
        tags: z.ZodOptional<z.ZodArray<z.ZodString>>;
        allowEmpty: z.ZodOptional<z.ZodBoolean>;
        folder: z.ZodString;
        exclude: z.ZodOptional<z.ZodArray<z.ZodString>>;
        excludeCaches: z.ZodOptional<z.ZodBoolean>;
        oneFileSystem: z.ZodOptional<z.ZodBoolean>;
    }, z.core.$strict>, z.ZodObject<{
        before: z.ZodOptional<z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>>;
        after: z.ZodOptional<z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>>;
        full: z.ZodOptional<z.ZodString>;
        tags: z.ZodOptional<z.ZodArray<z.ZodString>>;
        allowEmpty: z.ZodOptional<z.ZodBoolean>;
        timeout: z.ZodOptional<z.ZodString>;
        command: z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>;
        name: z.ZodOptional<z.ZodString>;
        end: z.ZodOptional<z.ZodString>;
    }, z.core.$strict>, z.ZodObject<{
        before: z.ZodOptional<z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>>;
        after: z.ZodOptional<z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
            shell: z.ZodString;
        }, z.core.$strict>]>>;
        full: z.ZodOptional<z.ZodString>;
        tags: z.ZodOptional<z.ZodArray<z.ZodString>>;
        allowEmpty: z.ZodOptional<z.ZodBoolean>;
        timeout: z.ZodOptional<z.ZodString>;
        postgres: z.ZodObject<{
            database: z.ZodOptional<z.ZodString>;
            databases: z.ZodOptional<z.ZodUnion<readonly [z.ZodLiteral<"all">, z.ZodArray<z.ZodString>]>>;
            host: z.ZodOptional<z.ZodString>;
            port: z.ZodOptional<z.ZodInt>;
            user: z.ZodOptional<z.ZodString>;
            password: z.ZodOptional<z.ZodString>;
            sslmode: z.ZodOptional<z.ZodEnum<{
                allow: "allow";
                disable: "disable";
                prefer: "prefer";
                require: "require";
                "verify-ca": "verify-ca";
                "verify-full": "verify-full";
            }>>;
            sslrootcert: z.ZodOptional<z.ZodString>;
            format: z.ZodOptional<z.ZodEnum<{
                custom: "custom";
                plain: "plain";
            }>>;
            schemas: z.ZodOptional<z.ZodArray<z.ZodString>>;
            excludeSchemas: z.ZodOptional<z.ZodArray<z.ZodString>>;
            tables: z.ZodOptional<z.ZodArray<z.ZodString>>;
            excludeTables: z.ZodOptional<z.ZodArray<z.ZodString>>;
            excludeData: z.ZodOptional<z.ZodArray<z.ZodString>>;
            globals: z.ZodOptional<z.ZodBoolean>;
            programs: z.ZodOptional<z.ZodString>;
        }, z.core.$strict>;
        witness: z.ZodOptional<z.ZodObject<{
            rows: z.ZodOptional<z.ZodEnum<{
                all: "all";
                counts: "counts";
                none: "none";
                sampled: "sampled";
            }>>;
            timeout: z.ZodOptional<z.ZodString>;
        }, z.core.$strict>>;
    }, z.core.$strict>]>>>>;
    full: z.ZodOptional<z.ZodString>;
    limits: z.ZodOptional<z.ZodObject<{
        concurrency: z.ZodOptional<z.ZodInt>;
        upload: z.ZodOptional<z.ZodString>;
        download: z.ZodOptional<z.ZodString>;
        retryFor: z.ZodOptional<z.ZodString>;
    }, z.core.$strict>>;
    requireTls: z.ZodOptional<z.ZodBoolean>;
    lock: z.ZodOptional<z.ZodObject<{
        mode: z.ZodEnum<{
            compliance: "compliance";
            governance: "governance";
        }>;
        for: z.ZodString;
    }, z.core.$strict>>;
    caFile: z.ZodOptional<z.ZodString>;
    trust: z.ZodOptional<z.ZodObject<{
        agents: z.ZodOptional<z.ZodArray<z.ZodString>>;
    }, z.core.$strict>>;
}, z.core.$strict>;
export type ConfigInput = z.infer<typeof configSchema>;
/** The JSON Schema of the config, for editors. */
export declare function configJsonSchema(): Record<string, unknown>;
/** The keys that may stand at a place of the config, for suggestions. */
export declare function knownKeys(place: readonly PropertyKey[]): string[];
/** What is wrong with the address of a repository, as the end of a sentence. */
export declare function repositoryProblem(value: string): string | undefined;
