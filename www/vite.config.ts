import { defineConfig } from "vite";

const server = process.env.EVENTHUB_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  // Relative, so that the server may serve the dashboard under any path.
  base: "./",
  // A worker is a module as the page is, so that a file is loaded by its address alone.
  worker: { format: "es" },
  build: {
    // The server's content security policy allows files alone: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // From these on browsers know light-dark(), whose replacement would not see the scheme that a variable names.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The charts are one file of this size, loaded after first paint.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // Components that say "use client" say it to servers that render; there is none here.
      onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
    },
  },
  // `npm run dev --workspace www` speaks to a server that runs beside it.
  server: { proxy: { "/api": server, "/varz": server, "/metrics": server } },
});
