// What a question comes to by a sample, while the server's answer is waited for.

import type { Estimate, Kind } from "eventhub-tracker/preview";
import { useEffect, useState } from "react";

import { useServerTimeZone } from "../api/known";
import { isPlayground } from "../playground/mode";

interface Shown<K extends Kind> {
  key: string;
  estimate: Estimate<K>;
}

/** Nothing of the preview is loaded where every answer is the browser's own, and elsewhere not before the page has shown an answer of the server. */
let isReady = false;

/**
 * The estimate of a question that has no exact answer yet; `undefined` when there is none, and as soon as the exact answer is
 * there. The sample for the next edit is fetched as soon as a question is answered.
 */
export function usePreview<K extends Kind>(
  kind: K,
  query: object | undefined,
  isAnswered: boolean,
): Estimate<K> | undefined {
  const timeZone = useServerTimeZone();
  const key = query === undefined ? undefined : JSON.stringify({ time_zone: timeZone, ...query });
  const [shown, setShown] = useState<Shown<K>>();

  useEffect(() => {
    isReady ||= isAnswered;
    if (key === undefined || !isReady || isPlayground) {
      return;
    }
    let isCurrent = true;
    const ask = async () => {
      const { estimate } = await import("./client");
      return estimate({ kind, query: JSON.parse(key) as object });
    };
    const start = () =>
      ask().then(
        (estimate) => {
          if (isCurrent && !isAnswered) {
            setShown({ key, estimate: estimate as Estimate<K> });
          }
        },
        // The server's answer comes all the same.
        (error: unknown) => console.debug("preview:", error),
      );
    if (!isAnswered) {
      void start();
      return () => {
        isCurrent = false;
      };
    }
    const idle = whenIdle(() => void start());
    return () => {
      isCurrent = false;
      idle.cancel();
    };
  }, [kind, key, isAnswered]);

  return !isAnswered && shown !== undefined && shown.key === key ? shown.estimate : undefined;
}

const IDLE_MS = 200;

function whenIdle(work: () => void) {
  const timer = setTimeout(work, IDLE_MS);
  return { cancel: () => clearTimeout(timer) };
}
