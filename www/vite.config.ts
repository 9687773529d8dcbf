import { defineConfig, type Plugin } from "vite";

const server = process.env.EVENTHUB_URL ?? "http://127.0.0.1:8080";

/** Files of this page's own folder, a module of WebAssembly among them, and nothing that comes from or goes elsewhere. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

export default defineConfig({
  // Relative, so that the server may serve the dashboard under any path.
  base: "./",
  // A worker is a module as the page is, so that a file is loaded by its address alone.
  worker: { format: "es" },
  plugins: [playground()],
  build: {
    // The server's content security policy allows files alone: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // From these on browsers know light-dark(), whose replacement would not see the scheme that a variable names.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The charts are one file of this size, loaded after first paint.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // What most screens share is one file: cut as each pair of them shares it, it would be packed less well.
      output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 4 }] } },
      // Components that say "use client" say it to servers that render; there is none here.
      onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
    },
  },
  // `npm run dev --workspace www` speaks to a server that runs beside it.
  server: { proxy: { "/api": server, "/varz": server, "/metrics": server } },
});

/** The same page once more, marked as the playground (`src/playground/mode.ts`), which needs no server. */
function playground(): Plugin {
  const mark = `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />\n    <meta name="eventhub-playground" content="" />`;
  return {
    name: "playground",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") {
        throw new Error("there is no index.html to make the playground of");
      }
      const source = String(page.source).replace("<title>EventHub", `${mark}\n    <title>EventHub playground`);
      this.emitFile({ type: "asset", fileName: "playground.html", source });
    },
  };
}
