// One of a few, all of which are seen.

import { Input, SegmentedControl } from "@mantine/core";

interface Props<T extends string> {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange(value: T): void;
}

export function Choice<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <Input.Wrapper label={label} labelElement="div">
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={label}
        data={[...options]}
        value={value}
        onChange={(next) => onChange(next as T)}
      />
    </Input.Wrapper>
  );
}
