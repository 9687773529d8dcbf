// How events are sent to this server.

import { Tabs } from "@mantine/core";

import { address } from "../../api/request";
import { CopyText } from "./copy";
import { snippets } from "./snippet";

export function Snippets() {
  const all = snippets(address("").replace(/\/$/, ""));
  return (
    <Tabs defaultValue={all[0]?.title ?? null}>
      <Tabs.List mb="sm">
        {all.map(({ title }) => (
          <Tabs.Tab key={title} value={title}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {all.map(({ title, code }) => (
        <Tabs.Panel key={title} value={title}>
          <CopyText text={code} label={`Snippet: ${title}`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
