// Which group of the breakdown the table shows.

import { Select } from "@mantine/core";

import { groupName, type GroupLabel } from "../../format/groups";

interface Props {
  groups: readonly GroupLabel[];
  /** `null` for everyone. */
  chosen: number | null;
  onChoose(index: number | null): void;
}

const EVERYONE = "everyone";

export function GroupSelect({ groups, chosen, onChoose }: Props) {
  return (
    <Select
      label="Table of"
      w={260}
      data={[
        { value: EVERYONE, label: "Everyone" },
        ...groups.map((group, index) => ({ value: String(index), label: groupName(group) })),
      ]}
      value={chosen === null ? EVERYONE : String(chosen)}
      onChange={(next) => onChoose(next === null || next === EVERYONE ? null : Number(next))}
      allowDeselect={false}
      searchable
    />
  );
}
