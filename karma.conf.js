// The specs that need a real browser. `cargo xtask test` builds what they load and sets CHROME_BIN.

// Chromium's sandbox does not start for root, who runs most CI containers.
const isRoot = process.getuid?.() === 0;

module.exports = (config) =>
  config.set({
    frameworks: ["jasmine"],
    files: [
      { pattern: "tests/browser/*.spec.js", type: "module" },
      { pattern: "tests/browser/wire.js", included: false },
      { pattern: "npm/dist/*.js", included: false },
      { pattern: "npm/dist/wasm/*", included: false },
      { pattern: "tests/compat/*/*", included: false },
    ],
    mime: { "application/wasm": ["wasm"] },
    browsers: ["QuietChromium"],
    customLaunchers: {
      QuietChromium: {
        base: "ChromeHeadless",
        flags: [
          "--disable-gpu",
          "--disable-dev-shm-usage",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
          "--no-first-run",
          ...(isRoot ? ["--no-sandbox"] : []),
        ],
      },
    },
    reporters: ["dots"],
    colors: false,
    singleRun: true,
    autoWatch: false,
  });
