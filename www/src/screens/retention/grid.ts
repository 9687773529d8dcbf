// The heat map of retention, made from an answer: what stands in each cell and how dark it is.

export interface AnswerCell {
  count: number;
  rate: number | null;
  complete: boolean;
}

export interface AnswerRow {
  start: string;
  size: number;
  cells: readonly AnswerCell[];
}

export interface GridCell extends AnswerCell {
  /** From 0 to 1: the rate's part of the highest rate, so that low retention shows too. */
  shade: number;
  /** Nobody is in it yet, and the column before it is not over either. */
  ahead: boolean;
}

export interface GridRow {
  start: string;
  size: number;
  cells: GridCell[];
}

export interface Grid {
  rows: GridRow[];
  /** By column, weighted by the sizes of the rows, over those for which it is complete. */
  mean: (number | null)[];
  size: number;
  /** The rate from which on cells are darkest. */
  highest: number;
  incomplete: boolean;
}

export function gridOf(rows: readonly AnswerRow[], mean: readonly (number | null)[]): Grid {
  const highest = highestRate(rows);
  const shade = (rate: number | null) =>
    rate === null || highest === 0 ? 0 : Math.min(rate / highest, 1);
  return {
    rows: rows.map(({ start, size, cells }) => ({
      start,
      size,
      cells: cells.map((cell, column) => ({
        ...cell,
        shade: shade(cell.rate),
        ahead: cell.count === 0 && !cell.complete && cells[column - 1]?.complete === false,
      })),
    })),
    mean: [...mean],
    size: rows.reduce((sum, row) => sum + row.size, 0),
    highest,
    incomplete: rows.some((row) => row.cells.some((cell) => !cell.complete)),
  };
}

/** Of rows that are smaller than this part of the largest, chance alone makes high rates. */
const ROW_PART_MIN = 0.1;

/** Column 0 is left out where another has something: often everyone is in it, and all others would be pale. */
function highestRate(rows: readonly AnswerRow[]): number {
  const largest = rows.reduce((most, { size }) => Math.max(most, size), 0);
  const counted = rows.filter(({ size }) => size >= ROW_PART_MIN * largest);
  const highestFrom = (column: number) =>
    counted.reduce(
      (highest, row) => row.cells.slice(column).reduce((most, { rate }) => Math.max(most, rate ?? 0), highest),
      0,
    );
  return highestFrom(1) || highestFrom(0);
}
