// The values that a filter compares with: texts to choose among those seen or to type, or one to type.

import { TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Owner } from "../api/endpoints";
import { useValues } from "../api/known";
import { useRested } from "../state/question";

interface Props {
  of: Owner;
  property: string;
  values: string[];
  onChange(values: string[]): void;
  /** One value alone, as a regular expression or a number to compare with. */
  single: boolean;
  numeric: boolean;
  error?: string | undefined;
}

/** How long typing rests before values that begin so are asked for. */
const TYPING_MS = 150;

export function ValuesInput({ of, property, values, onChange, single, numeric, error }: Props) {
  if (single) {
    return (
      <TextInput
        aria-label="Value"
        placeholder={numeric ? "Number" : "Expression"}
        inputMode={numeric ? "decimal" : "text"}
        value={values[0] ?? ""}
        onChange={({ currentTarget }) => onChange(currentTarget.value === "" ? [] : [currentTarget.value])}
        error={error}
      />
    );
  }
  return <ManyValues of={of} property={property} values={values} onChange={onChange} error={error} />;
}

function ManyValues({ of, property, values, onChange, error }: Omit<Props, "single" | "numeric">) {
  const [typed, setTyped] = useState("");
  const { data = [] } = useValues(of, property, useRested(typed, TYPING_MS));
  return (
    <TagsInput
      aria-label="Values"
      placeholder={values.length === 0 ? "Values" : ""}
      data={data.map(({ value }) => value)}
      value={values}
      onChange={onChange}
      searchValue={typed}
      onSearchChange={setTyped}
      // A value may have commas in it.
      splitChars={[]}
      acceptValueOnBlur
      limit={100}
      error={error}
    />
  );
}
