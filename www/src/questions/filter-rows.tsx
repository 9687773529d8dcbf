// Filters of one owner's properties, all of which must hold: a row each.

import { Button, CloseButton, Select } from "@mantine/core";

import type { Owner } from "../api/endpoints";
import { useProperties } from "../api/known";
import type { Op, PropertyKey } from "../api/types";
import { OPS, valuesOf, type Filter } from "../state/parts";
import classes from "./questions.module.css";
import { PropertySelect } from "./property-select";
import type { Problems } from "./problems";
import { ValuesInput } from "./values-input";

interface Props {
  of: Owner;
  filters: Filter[];
  onChange(filters: Filter[]): void;
  problems: Problems;
  /** The JSON pointer of the list. */
  pointer: string;
  addLabel?: string;
}

const OP_NAMES: Record<Op, string> = {
  is: "is",
  is_not: "is not",
  contains: "contains",
  not_contains: "does not contain",
  starts_with: "starts with",
  ends_with: "ends with",
  matches: "matches",
  gt: ">",
  gte: "\u2265",
  lt: "<",
  lte: "\u2264",
  exists: "is there",
  not_exists: "is not there",
};

const NUMERIC_OPS: readonly Op[] = ["gt", "gte", "lt", "lte"];
const TEXT_OPS: readonly Op[] = ["contains", "not_contains", "starts_with", "ends_with", "matches"];

/** The operators that fit what a property's values look like; one that a link has stays. */
function opsFor(kind: PropertyKey["kind"], chosen: Op): Op[] {
  const unfit = kind === "number" ? TEXT_OPS : kind === null ? [] : NUMERIC_OPS;
  return OPS.filter((op) => op === chosen || !unfit.includes(op));
}

export function FilterRows({ of, filters, onChange, problems, pointer, addLabel = "Add filter" }: Props) {
  const { data: known = [] } = useProperties(of);
  const replace = (index: number, filter: Filter) => onChange(filters.with(index, filter));
  return (
    <div className={classes.filters}>
      {filters.map((filter, index) => {
        const { property, op, values } = filter;
        const kind = known.find(({ key }) => key === property)?.kind ?? null;
        const at = `${pointer}/${index}`;
        return (
          <div key={index} className={classes.filter} role="group" aria-label={`Filter ${index + 1}`}>
            <PropertySelect
              label="Property"
              hideLabel
              of={of}
              value={property}
              onChange={(next) => replace(index, { property: next, op: "is", values: [] })}
              error={problems(`${at}/property`)}
            />
            <Select
              aria-label="Operator"
              data={opsFor(kind, op).map((value) => ({ value, label: OP_NAMES[value] }))}
              value={op}
              onChange={(next) => next !== null && replace(index, withOp(filter, next as Op))}
              allowDeselect={false}
              error={problems(`${at}/op`)}
            />
            {valuesOf(op) !== "none" && (
              <div className={classes.values}>
                <ValuesInput
                  of={of}
                  property={property}
                  values={values}
                  onChange={(next) => replace(index, { ...filter, values: next })}
                  single={valuesOf(op) === "one"}
                  numeric={NUMERIC_OPS.includes(op)}
                  error={problems(`${at}/values`)}
                />
              </div>
            )}
            <CloseButton
              className={classes.remove}
              aria-label={`Remove filter ${index + 1}`}
              onClick={() => onChange(filters.toSpliced(index, 1))}
            />
          </div>
        );
      })}
      <Button
        variant="subtle"
        size="compact-xs"
        onClick={() => onChange([...filters, { property: "", op: "is", values: [] }])}
      >
        {addLabel}
      </Button>
    </div>
  );
}

/** The filter with another operator, and the values that it takes. */
function withOp(filter: Filter, op: Op): Filter {
  const kept = { none: 0, one: 1, many: filter.values.length }[valuesOf(op)];
  return { ...filter, op, values: filter.values.slice(0, kept) };
}
