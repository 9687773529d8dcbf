// What npm/module.mjs makes of the module: in one file with the code, the tag needs no second request, and no bundler a loader.

/** The module's bytes, as text. */
export declare const text: string;
