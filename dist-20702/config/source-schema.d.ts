/** What a source may say: one kind, with what belongs to it, and what all kinds share. */
import { z } from 'zod';
declare const folder: z.ZodObject<{
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
}, z.core.$strict>;
declare const commandOutput: z.ZodObject<{
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
}, z.core.$strict>;
declare const postgres: z.ZodObject<{
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
}, z.core.$strict>;
/** Kinds of sources that are yet to come. */
export declare const LATER_KINDS: readonly string[];
export declare const sourceSchema: z.ZodUnion<readonly [z.ZodObject<{
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
}, z.core.$strict>]>;
export type FolderInput = z.infer<typeof folder>;
export type CommandOutputInput = z.infer<typeof commandOutput>;
export type PostgresInput = z.infer<typeof postgres>;
export type SourceInput = z.infer<typeof sourceSchema>;
/** The kinds whose keys a source has; one, if it is right. */
export declare function kindsIn(source: unknown): string[];
/** The position of a source's kind in the union, for its errors: a folder where nothing tells. */
export declare function kindIndex(source: unknown): number;
/** The keys that may stand at a place within a source, for suggestions. */
export declare function sourceKeys(place: readonly PropertyKey[]): string[];
export {};
