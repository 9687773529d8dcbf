// Events of anybody, each with its time and its user.

import { useServerTimeZone } from "../../api/known";
import type { EventRow } from "../../api/types";
import { formatMoment } from "../../format/dates";
import { EventItem } from "./event-item";
import css from "./users.module.css";

export function EventList({ events, name }: { events: readonly EventRow[]; name: string }) {
  const timeZone = useServerTimeZone();
  return (
    <ul className={css["events"]} aria-label={name}>
      {events.map((event) => (
        <li key={event.id}>
          <EventItem event={event} time={formatMoment(event.timestamp, timeZone)} />
        </li>
      ))}
    </ul>
  );
}
