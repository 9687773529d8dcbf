// How events are sent to this server.

import { Tabs } from "@mantine/core";

import { address } from "../../api/request";
import { CopyText } from "./copy";
import { snippets } from "./snippet";

export function Snippets() {
  const all = snippets(address("").replace(/\/$/, ""));
  return (
    <Tabs defaultValue="0">
      <Tabs.List mb="sm">
        {all.map(({ title }, index) => (
          <Tabs.Tab key={title} value={String(index)}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {all.map(({ title, code }, index) => (
        <Tabs.Panel key={title} value={String(index)}>
          <CopyText text={code} label={`Snippet: ${title}`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
