/**
 * Looks through a custom-format archive of pg_dump while it passes: is it whole? The layout is that of pg_backup_archiver.c and
 * pg_backup_custom.c, archive versions 1.12 to 1.16 (PostgreSQL 9 to 18).
 */
/** An entry of the table of contents. */
export interface TocEntry {
    readonly id: number;
    /** Such as `TABLE DATA`. */
    readonly kind: string;
    readonly name: string;
    readonly schema: string | null;
    readonly owner: string | null;
    /** A block of data follows for it. */
    readonly hasData: boolean;
}
export interface ArchiveHead {
    readonly database: string;
    /** As the server says it, such as `15.18 (Debian 15.18-0+deb12u1)`. */
    readonly serverVersion: string;
    readonly dumpVersion: string;
    readonly entries: readonly TocEntry[];
}
/** It is no archive, or one that ends too early. */
export declare class ArchiveError extends Error {
}
/** Takes an archive piece by piece. */
export declare class ArchiveReader {
    #private;
    /** The table of contents, as soon as it has passed. */
    head: ArchiveHead | undefined;
    /** @throws {@link ArchiveError} */
    push(piece: Uint8Array): void;
    /** @throws {@link ArchiveError} unless the archive is whole */
    end(): ArchiveHead;
}
