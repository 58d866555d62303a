/** Options that every command has, beside oclif's `--json`. */
export declare const baseFlags: {
    config: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    repository: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    quiet: import("@oclif/core/interfaces").BooleanFlag<boolean>;
};
/** For commands that decrypt. */
export declare const keyFlags: {
    key: import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    share: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
    'passphrase-file': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
};
/** For commands that take their time. */
export declare const progressFlags: {
    progress: import("@oclif/core/interfaces").OptionFlag<"auto" | "json" | "none", import("@oclif/core/interfaces").CustomOptions>;
};
/** An option that takes a duration, such as `90m`; its value is in ms. */
export declare const durationFlag: import("@oclif/core/interfaces").FlagDefinition<number, import("@oclif/core/interfaces").CustomOptions, {
    multiple: false;
    requiredOrDefaulted: false;
}>;
/** An option that takes a size, such as `16MiB`; its value is in bytes. */
export declare const sizeFlag: import("@oclif/core/interfaces").FlagDefinition<number, import("@oclif/core/interfaces").CustomOptions, {
    multiple: false;
    requiredOrDefaulted: false;
}>;
