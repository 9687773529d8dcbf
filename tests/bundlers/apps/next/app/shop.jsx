"use client";

// Rendered on the server and again in the browser, so the tracker is imported, and asked, in both.

import { newEventHub } from "eventhub-tracker";
import { useEffect, useState } from "react";

export function Shop() {
  const [state, setState] = useState("rendered on the server");
  useEffect(() => {
    const asked = new URLSearchParams(location.search);
    const hub = newEventHub("shop", { url: asked.get("hub"), flushInterval: 0.05 });
    hub.identify("ada", { plan: "paid" });
    hub.track("view", { n: `${asked.get("mark")}-0`, price: 2.5 });
    hub.flush().then(() => setState("delivered"));
  }, []);
  if (typeof window === "undefined") {
    newEventHub("shop", { url: "http://hub.example" }).track("rendered");
  }
  return <p>{state}</p>;
}
