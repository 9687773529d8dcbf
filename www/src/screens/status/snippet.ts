// Texts to copy that send events to this server.

export interface Snippet {
  title: string;
  code: string;
}

/** Ways to send a first event to the server at `origin` (without a slash at its end). */
export function snippets(origin: string): Snippet[] {
  return [
    { title: "Web page", code: page(origin) },
    { title: "Package", code: bundled(origin) },
    { title: "Command line", code: command(origin) },
  ];
}

/** Deferred scripts and modules run in order and after parsing: the tag is there, and nothing waits for it. */
function page(origin: string): string {
  return `<script defer src="${origin}/eventhub.js"></script>
<script type="module">
  const hub = newEventHub("EventHub");
  hub.page();
</script>`;
}

function bundled(origin: string): string {
  return `import { newEventHub } from "eventhub-tracker";

const hub = newEventHub("EventHub", { url: "${origin}" });
hub.track("signup", { plan: "free" });`;
}

function command(origin: string): string {
  return `curl -X POST ${origin}/events/track \\
  -d event_type=signup -d external_user_id=ada -d plan=free`;
}
