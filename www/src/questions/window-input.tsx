// How long after the first step the others may come.

import { Group, Input, NumberInput, Select } from "@mantine/core";

import type { Window } from "../api/types";
import { WINDOW_UNITS } from "../state/parts";
import type { Problems } from "./problems";

interface Props {
  window: Window;
  onChange(window: Window): void;
  problems: Problems;
}

const UNIT_NAMES: Record<Window["unit"], string> = {
  seconds: "seconds",
  minutes: "minutes",
  hours: "hours",
  days: "days",
  calendar_days: "calendar days",
};

export function WindowInput({ window, onChange, problems }: Props) {
  return (
    <Input.Wrapper label="To be done within" labelElement="div" error={problems("/window")}>
      <Group gap="xs" grow wrap="nowrap">
        <NumberInput
          aria-label="Window"
          value={window.amount}
          onChange={(amount) => typeof amount === "number" && amount >= 1 && onChange({ ...window, amount })}
          min={1}
          allowDecimal={false}
          allowNegative={false}
        />
        <Select
          aria-label="Unit of the window"
          data={WINDOW_UNITS.map((value) => ({ value, label: UNIT_NAMES[value] }))}
          value={window.unit}
          onChange={(unit) => unit !== null && onChange({ ...window, unit: unit as Window["unit"] })}
          allowDeselect={false}
        />
      </Group>
    </Input.Wrapper>
  );
}
