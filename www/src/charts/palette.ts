// The colours of charts, on light and on dark ground.

import { useComputedColorScheme } from "@mantine/core";

export interface Palette {
  ground: string;
  text: string;
  dimmed: string;
  line: string;
  /** What counts, as of everyone. */
  main: string;
  /** What may still come to count. */
  pending: string;
  /** What was lost. */
  lost: string;
  /** Of groups, one after another. Told apart also by those who see few colours. */
  groups: readonly string[];
}

const GROUPS = ["#4263eb", "#e8590c", "#0ca678", "#c2255c", "#f08c00", "#1098ad", "#7048e8", "#868e96"];

const LIGHT: Palette = {
  ground: "#ffffff",
  text: "#212529",
  dimmed: "#5c636a",
  line: "#dee2e6",
  main: "#4263eb",
  pending: "#bac8ff",
  lost: "#e9ecef",
  groups: GROUPS,
};

const DARK: Palette = {
  ground: "#242424",
  text: "#e9ecef",
  dimmed: "#a6adb4",
  line: "#424242",
  main: "#748ffc",
  pending: "#364fc7",
  lost: "#3b3b3b",
  groups: ["#748ffc", "#ff922b", "#38d9a9", "#f783ac", "#ffd43b", "#3bc9db", "#b197fc", "#adb5bd"],
};

export function usePalette(): Palette {
  return useComputedColorScheme("light") === "dark" ? DARK : LIGHT;
}
