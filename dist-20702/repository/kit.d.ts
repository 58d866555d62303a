export interface KitFile {
    readonly name: string;
    readonly content: Buffer;
}
export declare function kitFiles(): KitFile[];
/** Whether these are the bytes of a kit that some Holdfast wrote. */
export declare function isOurKit({ content }: KitFile, bytes: Uint8Array): boolean;
