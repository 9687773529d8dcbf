import type { Measured } from "../../state/trends";

/** What is measured, as a heading says it. */
export function measureName({ function: name, property = "", percentile = 0 }: Measured): string {
  switch (name) {
    case "events":
      return "Events";
    case "users":
      return "Users";
    case "sum":
      return `Sum of ${property}`;
    case "average":
      return `Average of ${property}`;
    case "min":
      return `Lowest ${property}`;
    case "max":
      return `Highest ${property}`;
    case "median":
      return `Median of ${property}`;
    case "percentile":
      return `Percentile ${percentile} of ${property}`;
  }
}
