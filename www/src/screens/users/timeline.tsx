// What a person did, day by day.

import { Group, Stack, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { timeline } from "../../api/endpoints";
import { useServerTimeZone } from "../../api/known";
import { Empty, Failure, Loading } from "../../app/notices";
import { Pager, usePage } from "../../app/pager";
import { formatDay, formatTime } from "../../format/dates";
import { formatDuration } from "../../format/durations";
import { daysOf } from "./days";
import { EventItem } from "./event-item";
import css from "./users.module.css";

const EVENTS_PER_PAGE = 50;
/** From how long after the one before it an event says so. */
const PAUSE_MS = 30 * 60_000;

export function Timeline({ id }: { id: string }) {
  const timeZone = useServerTimeZone();
  const page = usePage("page");
  const { data, error, refetch } = useQuery({
    queryKey: ["timeline", id, page],
    // One more than is shown tells whether there is a next page.
    queryFn: ({ signal }) => timeline(id, page * EVENTS_PER_PAGE, EVENTS_PER_PAGE + 1, signal),
    placeholderData: keepPreviousData,
  });
  if (error) {
    return <Failure error={error} onRetry={() => void refetch()} />;
  }
  if (data === undefined) {
    return <Loading />;
  }
  const events = data.events.slice(0, EVENTS_PER_PAGE);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Timeline
        </Title>
        <Text size="sm" c="dimmed">
          Times in {timeZone}
        </Text>
      </Group>
      {events.length === 0 && <Empty title="No events" />}
      <div className={css.days}>
        {daysOf(events, timeZone).map((day, index) => (
          <section key={index} aria-label={formatDay(day.day)}>
            <Title order={3} size="h6" mb={4}>
              {formatDay(day.day)}
            </Title>
            <ul className={css.events}>
              {day.events.map(({ event, afterMs }) => (
                <li key={event.id}>
                  <EventItem
                    event={event}
                    person={id}
                    time={formatTime(event.timestamp, timeZone)}
                    note={
                      afterMs !== null &&
                      afterMs >= PAUSE_MS && (
                        <Text span size="xs" c="dimmed">
                          {formatDuration(afterMs / 1000)} later
                        </Text>
                      )
                    }
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <Pager
        name="page"
        label="Pages of events"
        page={page}
        size={EVENTS_PER_PAGE}
        shown={events.length}
        hasNext={data.events.length > EVENTS_PER_PAGE}
      />
    </Stack>
  );
}
