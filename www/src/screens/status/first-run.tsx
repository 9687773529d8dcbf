// What a server without events shows: how to send the first one, and that it has come.

import { Button, Group, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { followEvents } from "../../api/stream";
import type { EventRow } from "../../api/types";
import { EventItem } from "../users/event-item";
import { formatMoment } from "../../format/dates";
import { useServerTimeZone } from "../../api/known";
import { Snippets } from "./snippets";
import css from "./status.module.css";

export function FirstRun() {
  const [first, setFirst] = useState<EventRow | null>(null);
  const timeZone = useServerTimeZone();
  const client = useQueryClient();
  useEffect(
    () =>
      followEvents({
        onEvents: ([event]) => setFirst((before) => before ?? event ?? null),
        onState: () => undefined,
      }),
    [],
  );
  return (
    <Paper component="section" withBorder p="lg" aria-label="First event">
      <Stack gap="md">
        <Title order={1} size="h3">
          Send a first event
        </Title>
        <Text>Nothing is stored yet. Put this into a page, or run it in a terminal:</Text>
        <Snippets />
        <Text>
          To look around first, open the <a href="./playground">playground</a>: with a file of yours or with demo data, in this
          browser alone.
        </Text>
        <div role="status">
          {first === null ? (
            <div className={css.waiting}>
              <Loader size="xs" />
              <Text c="dimmed">Waiting for the first event</Text>
            </div>
          ) : (
            <Stack gap="sm">
              <Text fw={600}>The first event is here</Text>
              <EventItem event={first} time={formatMoment(first.timestamp, timeZone)} />
              <Group>
                <Button onClick={() => void client.invalidateQueries()}>Look at it</Button>
              </Group>
            </Stack>
          )}
        </div>
      </Stack>
    </Paper>
  );
}
