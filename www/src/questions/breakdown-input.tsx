// The property by whose values an answer is broken down: an event's or a user's.

import { Group, Input, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import type { Breakdown } from "../api/types";
import { PropertySelect } from "./property-select";
import type { Problems } from "./problems";

interface Props {
  breakdown: Breakdown | undefined;
  onChange(breakdown: Breakdown | undefined): void;
  /** The event type whose properties are offered. */
  event: string;
  label?: string;
  clearable?: boolean;
  problems: Problems;
}

export function BreakdownInput({
  breakdown,
  onChange,
  event,
  label = "Break down by",
  clearable = true,
  problems,
}: Props) {
  // Whose property will be chosen, while none is.
  const [next, setNext] = useState<"event" | "user">("event");
  const of = breakdown?.of ?? next;
  return (
    <Input.Wrapper label={label} labelElement="div" error={problems("/breakdown")}>
      <Group gap="xs" align="start" wrap="nowrap">
        <SegmentedControl
          aria-label="Whose property"
          style={{ flexShrink: 0 }}
          data={[
            { value: "event", label: "Event" },
            { value: "user", label: "User" },
          ]}
          value={of}
          onChange={(chosen) => {
            setNext(chosen as "event" | "user");
            onChange(undefined);
          }}
        />
        <PropertySelect
          label={label}
          hideLabel
          of={of === "user" ? "user" : { event }}
          value={breakdown?.property ?? ""}
          onChange={(property) => onChange(property === "" ? undefined : { ...breakdown, of, property })}
          clearable={clearable}
        />
      </Group>
    </Input.Wrapper>
  );
}
