import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the server may serve the dashboard under any path.
  base: "./",
  build: {
    // The server's content security policy allows files alone: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev --workspace www` speaks to a server that runs beside it.
  server: { proxy: { "/events": "http://127.0.0.1:8080" } },
});
