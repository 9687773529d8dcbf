// The script tag: one file, which takes over what the snippet's stub held, or brings the stub along.

import { take } from "./hub.js";
import { define } from "./snippet.js";

const script = document.currentScript as HTMLScriptElement | null;
const from = script?.src ? new URL(script.src).origin : location.origin;
const { q } = define();
const takeFrom = (hub: Parameters<typeof take>[0]) => take(hub, from, script?.dataset.ingest);
if (Array.isArray(q)) q.forEach(takeFrom);
q.push = takeFrom;
