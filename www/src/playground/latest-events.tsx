// The events of a file that happened last, where a server would show those that come.

import { Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { useServerTimeZone } from "../api/known";
import { getJson } from "../api/request";
import type { EventRow } from "../api/types";
import { Failure, Loading } from "../app/notices";
import { formatMoment } from "../format/dates";
import { EventItem } from "../screens/users/event-item";
import css from "../screens/users/users.module.css";

const EVENTS_MAX = 100;

export default function LatestEvents() {
  const timeZone = useServerTimeZone();
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
        <ul className={css.events} aria-label={`The latest events, up to ${EVENTS_MAX}`}>
          {data.events.map((event) => (
            <li key={event.id}>
              <EventItem event={event} time={formatMoment(event.timestamp, timeZone)} />
            </li>
          ))}
        </ul>
      </Stack>
    </Paper>
  );
}
