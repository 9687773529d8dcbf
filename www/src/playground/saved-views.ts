// Saved views of the playground, which this browser keeps. They are asked for as those that a server keeps.

const KEY = "eventhub-playground-views";
const OK = '{"ok":true}';

/** The status and the body of the answer to a request about views; `name` is "" where all are meant. */
export function askForViews(method: string, name: string, body: string): [number, string] {
  const views = read();
  if (name === "") {
    const names = [...views.keys()].sort();
    return [200, JSON.stringify({ views: names.map((name) => ({ name })) })];
  }
  if (method === "PUT") {
    return putView(name, body) ? [200, OK] : [507, errorOf("this browser keeps nothing for this page")];
  }
  const view = views.get(name);
  if (view === undefined) {
    return [404, errorOf(`there is no view ${name}`)];
  }
  if (method === "DELETE") {
    views.delete(name);
    write(views);
    return [200, OK];
  }
  return [200, view];
}

/** Whether the browser keeps it. */
export function putView(name: string, view: string): boolean {
  return write(read().set(name, view));
}

function read(): Map<string, string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const entries = typeof kept === "object" && kept !== null ? Object.entries(kept) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    // Without storage there are no views.
    return new Map();
  }
}

function write(views: Map<string, string>): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(views)));
    return true;
  } catch {
    return false;
  }
}

function errorOf(message: string): string {
  return JSON.stringify({ error: { code: "not_found", message } });
}
