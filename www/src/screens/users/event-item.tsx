// One event in a list: when, what, and on demand its properties.

import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { EventRow } from "../../api/types";
import { Properties } from "./properties";
import css from "./users.module.css";

interface Props {
  event: EventRow;
  /** The time as the list shows it. */
  time: string;
  /** What else is to say, beside the name. */
  note?: ReactNode;
  /** The id is shown where it is not that of the person. */
  person?: string;
}

export function EventItem({ event, time, note, person }: Props) {
  return (
    <details className={css["event"]}>
      <summary>
        <time dateTime={new Date(event.timestamp).toISOString()}>{time}</time>
        <span className={css["name"]}>{event.event_type}</span>
        {person !== event.external_user_id && (
          <Text span size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {person === undefined ? event.external_user_id : `as ${event.external_user_id}`}
          </Text>
        )}
        {note}
      </summary>
      <Properties properties={event.properties} />
    </details>
  );
}
