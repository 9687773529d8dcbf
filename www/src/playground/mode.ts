// Whether this page is the playground: the dashboard without a server, over a file.

/** The mark that the build puts into the playground's page (`vite.config.ts`). */
export const isPlayground =
  typeof document !== "undefined" && document.querySelector('meta[name="eventhub-playground"]') !== null;
