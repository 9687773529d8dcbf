/** The module's bytes as base64: in one file with the code, the tag needs no second request, and no bundler a loader. */
declare const base64: string;
export default base64;
