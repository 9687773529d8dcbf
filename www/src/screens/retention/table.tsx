// Retention as a heat map: a table, so that it is read aloud and copied as one.

import { Button, Group, Text, VisuallyHidden } from "@mantine/core";
import type { RowIntervals } from "eventhub-tracker/preview";
import { useState, type CSSProperties } from "react";

import { formatCount, formatShare } from "../../format/numbers";
import { columnName, periodName, type Period } from "../../format/periods";
import { reach } from "../../preview/reach";
import type { Grid, GridCell } from "./grid";
import css from "./table.module.css";

export type Shown = "percent" | "counts";

/** How many rows are drawn before they are asked for: a table of hours may have thousands. */
const ROWS_MAX = 120;

interface Props {
  grid: Grid;
  period: Period;
  every: number;
  shown: Shown;
  /** Those of an estimate, by row. */
  intervals: RowIntervals[] | undefined;
}

export function RetentionTable({ grid, period, every, shown, intervals }: Props) {
  const [rowsMax, setRowsMax] = useState(ROWS_MAX);
  const hidden = grid.rows.length - rowsMax;
  const text = (cell: GridCell) =>
    shown === "counts" ? formatCount(cell.count) : formatShare(cell.rate);
  return (
    <>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Retention table">
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Cohort</th>
              <th scope="col">Users</th>
              {grid.mean.map((_, column) => (
                <th scope="col" key={column}>
                  {columnName(column, period, every)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className={css.mean} data-testid="mean">
              <th scope="row">Weighted mean</th>
              <td>{formatCount(grid.size)}</td>
              {grid.mean.map((rate, column) => (
                <td key={column}>{formatShare(rate)}</td>
              ))}
            </tr>
            {grid.rows.slice(0, rowsMax).map((row, index) => (
              <tr key={row.start}>
                <th scope="row">{periodName(row.start, period)}</th>
                <td className={css.size}>
                  {formatCount(row.size)}
                  {reach(row.size, intervals?.[index]?.size, formatCount)}
                </td>
                {row.cells.map((cell, column) =>
                  cell.ahead ? (
                    <td key={column}>
                      <VisuallyHidden>not yet</VisuallyHidden>
                    </td>
                  ) : (
                    <td
                      key={column}
                      className={`${css.cell} ${cell.complete ? "" : css.incomplete}`}
                      style={{ "--shade": cell.shade } as CSSProperties}
                      title={`${formatCount(cell.count)}${reach(cell.count, intervals?.[index]?.cells[column]?.count, formatCount)} of ${formatCount(row.size)}${cell.complete ? "" : ", so far"}`}
                    >
                      {text(cell)}
                      {intervals !== undefined && (
                        <small>
                          {shown === "counts"
                            ? reach(cell.count, intervals[index]?.cells[column]?.count, formatCount)
                            : reach(cell.rate, intervals[index]?.cells[column]?.rate, formatShare)}
                        </small>
                      )}
                      {!cell.complete && <VisuallyHidden> so far</VisuallyHidden>}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hidden > 0 && (
        <Button variant="default" onClick={() => setRowsMax(grid.rows.length)}>
          Show {formatCount(hidden)} more rows
        </Button>
      )}
      <Group gap="xl" mt="sm">
        <Text size="sm" c="dimmed">
          Darkest from {formatShare(grid.highest)} on
        </Text>
        {grid.incomplete && (
          <Text size="sm" c="dimmed">
            <span
              aria-hidden
              className={`${css.swatch} ${css.cell} ${css.incomplete}`}
              style={{ "--shade": 0.6 } as CSSProperties}
            />{" "}
            Not over yet for everyone in the row; left out of the mean
          </Text>
        )}
      </Group>
    </>
  );
}
