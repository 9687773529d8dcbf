// Events: which there are, what they hold, and each as it comes.

import { SegmentedControl, Stack, Title } from "@mantine/core";
import { lazy } from "react";

import { isPlayground } from "../../playground/mode";
import { setParameters, useParameter } from "../../state/question";
import { Catalogue } from "./catalogue";
import { LiveEvents } from "./live-events";

const LatestEvents = lazy(() => import("../../playground/latest-events"));

export default function EventsScreen() {
  const isLive = useParameter("show") === "live";
  return (
    <Stack gap="md">
      <Title order={1} size="h3">
        Events
      </Title>
      <SegmentedControl
        aria-label="Show"
        w={260}
        data={[
          { value: "types", label: "Types" },
          { value: "live", label: isPlayground ? "Latest" : "Live" },
        ]}
        value={isLive ? "live" : "types"}
        onChange={(next) => setParameters({ show: next === "live" ? "live" : null })}
      />
      {!isLive ? <Catalogue /> : isPlayground ? <LatestEvents /> : <LiveEvents />}
    </Stack>
  );
}
