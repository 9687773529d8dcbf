// The packages are two folders up, and nothing above them is the app's.
const root = new URL("../..", import.meta.url).pathname;

export default { turbopack: { root } };
