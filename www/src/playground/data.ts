// What the playground is about: the engine that holds the events, and what they came from.

import { useSyncExternalStore } from "react";

import { go, hrefOf, place } from "../state/location";
import { Engine } from "./engine";
import type { Columns, Progress, Summary } from "./messages";
import { putView } from "./saved-views";

export interface Loaded {
  /** The file's name, or what stands for it. */
  name: string;
  summary: Summary;
  engine: Engine;
}

/** A view as it is saved. */
interface View {
  screen: string;
  parameters: Record<string, string>;
}

let loaded: Loaded | null = null;
const listeners = new Set<() => void>();

/** What is asked about; `null` before anything is loaded. */
export function current(): Loaded | null {
  return loaded;
}

/** The same, while it changes; `onChange` is called before anything is shown of what is new. */
export function useLoaded(onChange: () => void): Loaded | null {
  return useSyncExternalStore((listener) => {
    const heard = () => {
      onChange();
      listener();
    };
    listeners.add(heard);
    return () => listeners.delete(heard);
  }, current);
}

/** Loads a file in place of what was loaded before, which stays until then. */
export async function loadFile(
  engine: Engine,
  file: File,
  columns: Columns,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  take({ name: file.name, summary: await engine.load(file, columns, onProgress), engine });
}

/** Takes the made-up product, with its questions as saved views, the first of which is opened. */
export async function loadDemo(engine: Engine): Promise<void> {
  const summary = await engine.demo();
  summary.views.forEach(({ name, view }) => putView(name, view));
  take({ name: "Demo data", summary, engine });
  const [first] = summary.views;
  if (first !== undefined && place().search === "") {
    const { screen, parameters } = JSON.parse(first.view) as View;
    go(hrefOf(screen, parameters));
  }
}

function take(next: Loaded): void {
  const isOther = loaded !== null;
  loaded?.engine.close();
  loaded = next;
  // A question about other events means nothing; that of a link may be about these.
  if (isOther) {
    go(hrefOf(""));
  }
  listeners.forEach((listener) => listener());
}
