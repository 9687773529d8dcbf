// What npm/module.mjs makes of the module: in one file with the code, the tag needs no second request, and no bundler a loader.

/** The name under which it imports its glue. */
export declare const module: string;
/** Its bytes, as text. */
export declare const text: string;
