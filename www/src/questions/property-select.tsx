// A property of an event type's events, or of users, found by typing.

import { Select } from "@mantine/core";

import type { Owner } from "../api/endpoints";
import { useProperties } from "../api/known";

interface Props {
  label: string;
  of: Owner;
  value: string;
  onChange(value: string): void;
  error?: string | undefined;
  hideLabel?: boolean;
  clearable?: boolean;
}

export function PropertySelect({ label, of, value, onChange, error, hideLabel, clearable = false }: Props) {
  const { data = [], isLoading } = useProperties(of);
  const keys = data.map(({ key }) => key);
  return (
    <Select
      {...(hideLabel ? { "aria-label": label } : { label })}
      data={value === "" || keys.includes(value) ? keys : [value, ...keys]}
      value={value === "" ? null : value}
      onChange={(next) => onChange(next ?? "")}
      error={error}
      placeholder="Property"
      nothingFoundMessage={isLoading ? "Loading" : "No such property"}
      limit={200}
      searchable
      selectFirstOptionOnChange
      clearable={clearable}
      allowDeselect={false}
    />
  );
}
