// What a site writes: the same source for every bundler.

import { newEventHub } from "eventhub-tracker";

const asked = new URLSearchParams(location.search);

const hub = newEventHub("shop", { url: asked.get("hub") ?? "", flushInterval: 0.05 });
hub.identify("ada", { plan: "paid" });
hub.track("view", { n: `${asked.get("mark")}-0`, price: 2.5 });
hub.flush().then(() => document.body.append("delivered"));
