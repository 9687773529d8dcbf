// A question in the address: the parameter `q` is the body of the request that asks it.

import { useEffect, useMemo, useState } from "react";

import { parseJson } from "./decode";
import { goInPlace, hrefOf, place, usePlace } from "./location";

/** How a screen's question is read from a link, and when it can be asked. */
export interface Codec<Q> {
  /** `undefined` when it is no question of this kind at all. */
  decode(value: unknown): Q | undefined;
  /** Whether everything is filled in; until then the answer stays that of the last one that was. */
  isComplete(question: Q): boolean;
}

export interface Editing<Q> {
  /** What the form shows. */
  draft: Q;
  setDraft(draft: Q): void;
  /** What is asked: the last draft that was complete, which the link holds. */
  asked: Q | undefined;
  /** Whether the draft is not complete, so that the answer is not its own. */
  waiting: boolean;
}

/** The question of the address, or `initial` when it has none, while it is edited. */
export function useQuestion<Q>(codec: Codec<Q>, initial: Q): Editing<Q> {
  const { search } = usePlace();
  const source = new URLSearchParams(search).get("q");
  const linked = useMemo(() => (source === null ? undefined : codec.decode(parseJson(source))), [codec, source]);
  const [edited, setEdited] = useState<{ draft: Q; source: string | null } | null>(null);
  // A draft is of one address; that of another, as Back and saved views lead to, has its own.
  const draft = edited !== null && edited.source === source ? edited.draft : (linked ?? initial);

  const asked = linked ?? initial;
  return {
    draft,
    setDraft(next) {
      if (!codec.isComplete(next)) {
        setEdited({ draft: next, source });
        return;
      }
      const encoded = JSON.stringify(next);
      setEdited({ draft: next, source: encoded });
      setParameters({ q: encoded });
    },
    asked: codec.isComplete(asked) ? asked : undefined,
    waiting: !codec.isComplete(draft),
  };
}

/** Changes parameters of the address; `null` takes one away. */
export function setParameters(changes: Record<string, string | null>, move: (href: string) => void = goInPlace): void {
  const { screen, search } = place();
  const parameters = Object.fromEntries(new URLSearchParams(search));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) {
      delete parameters[name];
    } else {
      parameters[name] = value;
    }
  }
  move(hrefOf(screen, parameters));
}

/** A parameter of the address that is no part of the question, such as what is shown of the answer. */
export function useParameter(name: string): string | null {
  return new URLSearchParams(usePlace().search).get(name);
}

/** A value that follows another once that rests for so long, so that typing asks once. */
export function useRested<T>(value: T, restMs: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value, restMs]);
  return rested;
}
