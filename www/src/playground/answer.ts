// Answers to the dashboard's requests without a server.

import { current } from "./data";
import { askForViews } from "./saved-views";

const VIEWS = "api/v1/views";
/** Days are those of UTC, as are times of files that name no zone. */
const VARZ = "time_zone: UTC\n";

/** What a server would answer that holds what is loaded. */
export async function answer(path: string, request: RequestInit): Promise<Response> {
  const method = request.method ?? "GET";
  const body = typeof request.body === "string" ? request.body : "";
  const [status, text] = await answerOf(method, path, body, request.signal ?? undefined);
  return new Response(text, { status });
}

async function answerOf(method: string, path: string, body: string, signal?: AbortSignal): Promise<[number, string]> {
  if (path === "varz") {
    return [200, VARZ];
  }
  if (path.startsWith(VIEWS)) {
    return askForViews(method, decodeURIComponent(path.slice(VIEWS.length + 1)), body);
  }
  const loaded = current();
  if (loaded === null) {
    throw new Error("no events are loaded");
  }
  return loaded.engine.ask(method, path, body, signal);
}
