// The events of a file that happened last, where a server would show those that come.

import { Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { getJson } from "../api/request";
import type { EventRow } from "../api/types";
import { Failure, Loading } from "../app/notices";
import { EventList } from "../screens/users/event-list";

const EVENTS_MAX = 100;

export default function LatestEvents() {
  const { data, error } = useQuery({
    queryKey: ["latest-events"],
    queryFn: ({ signal }) => getJson<{ events: EventRow[] }>(`api/v1/events/latest?limit=${EVENTS_MAX}`, signal),
  });
  if (error) {
    return <Failure error={error} />;
  }
  return data === undefined ? (
    <Loading />
  ) : (
    <Paper component="section" withBorder p="md" aria-label="Latest events">
      <Stack gap="sm">
        <Text size="sm">The events that happened last, the last one first</Text>
        <EventList events={data.events} name={`The latest events, up to ${EVENTS_MAX}`} />
      </Stack>
    </Paper>
  );
}
