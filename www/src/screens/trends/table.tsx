// The numbers of the chart: a row an interval, a column a group.

import { Button, Table } from "@mantine/core";
import { useState } from "react";

import { formatCount, formatValue } from "../../format/numbers";
import css from "./table.module.css";

interface Props {
  names: readonly string[];
  lines: readonly {
    name: string;
    values: readonly (number | null)[];
    total: number | null;
    /** How far each value of an estimate may be off. */
    reaches?: readonly (number | null)[];
    totalReach?: number | null;
  }[];
}

/** How many rows are drawn before they are asked for. */
const ROWS_MAX = 60;

export function TrendsTable({ names, lines }: Props) {
  const [rowsMax, setRowsMax] = useState(ROWS_MAX);
  const hidden = names.length - rowsMax;
  return (
    <>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Numbers of the chart">
        <Table verticalSpacing={4} className={css.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Interval</Table.Th>
              {lines.map((line, index) => (
                <Table.Th scope="col" key={index}>
                  {line.name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.length > 1 && (
              <Table.Tr fw={600}>
                <Table.Th scope="row">Whole range</Table.Th>
                {lines.map((line, index) => (
                  <Table.Td key={index}>
                    {formatValue(line.total)}
                    {off(line.totalReach)}
                  </Table.Td>
                ))}
              </Table.Tr>
            )}
            {names.slice(0, rowsMax).map((name, row) => (
              <Table.Tr key={row}>
                <Table.Th scope="row">{name}</Table.Th>
                {lines.map((line, index) => (
                  <Table.Td key={index}>
                    {formatValue(line.values[row] ?? null)}
                    {off(line.reaches?.[row])}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {hidden > 0 && (
        <Button variant="default" onClick={() => setRowsMax(names.length)}>
          Show {formatCount(hidden)} more rows
        </Button>
      )}
    </>
  );
}

/** How far a number may be off; nothing where it is exact or nobody knows. */
function off(reach: number | null | undefined): string {
  return reach == null || reach === 0 ? "" : ` \u00b1 ${formatValue(reach)}`;
}
