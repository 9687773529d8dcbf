// The script tag: one file, which takes over what the snippet's stub held, or brings the stub along.

import { make } from "./define.js";
import { take } from "./hub.js";
import type { StubHub } from "./stub.js";

const script = document.currentScript as HTMLScriptElement | null;
const from = script?.src ? new URL(script.src).origin : location.origin;
const takeFrom = (hub: StubHub) => take(hub, from, script?.dataset.ingest);
// An older tag's has none.
const { q = [] } = (window.newEventHub ??= make);
// Taken out, lest a tag that is loaded twice takes them twice.
q.splice(0).forEach(takeFrom);
q.push = (hub) => (takeFrom(hub), 0);
