// Events as they are stored, the newest first.

import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useEffect, useReducer, useState } from "react";

import { followEvents, type StreamState } from "../../api/stream";
import type { EventRow } from "../../api/types";
import { Empty } from "../../app/notices";
import { formatCount, plural } from "../../format/numbers";
import { EventList } from "../users/event-list";
import { LIVE_EVENTS_MAX, NOTHING_YET, receive, type Live } from "./live";

const STATE_NAMES: Record<StreamState, string> = {
  opening: "Connecting",
  open: "Live",
  closed: "Not connected",
};

export function LiveEvents() {
  const [paused, setPaused] = useState(false);
  const [state, setState] = useState<StreamState>("opening");
  const [live, take] = useReducer(receive<EventRow>, NOTHING_YET as Live<EventRow>);
  useEffect(() => (paused ? undefined : followEvents({ onEvents: take, onState: setState })), [paused]);
  return (
    <Paper component="section" withBorder p="md" aria-label="Live events">
      <Stack gap="sm">
        <Group justify="space-between">
          <Group gap="sm" role="status">
            <Text size="sm" fw={600} data-testid="state">
              {paused ? "Paused" : STATE_NAMES[state]}
            </Text>
            <Text size="sm">{plural(live.received, "event")} received</Text>
            {live.missed > 0 && (
              <Text size="sm" c="dimmed">
                {formatCount(live.missed)} came too fast to be shown
              </Text>
            )}
          </Group>
          <Button size="xs" variant="default" onClick={() => setPaused(!paused)}>
            {paused ? "Go on" : "Pause"}
          </Button>
        </Group>
        {live.events.length === 0 ? (
          <Empty title="Nothing yet">Events appear here when they are stored.</Empty>
        ) : (
          <EventList events={live.events} name={`The newest events, up to ${LIVE_EVENTS_MAX}`} />
        )}
      </Stack>
    </Paper>
  );
}
