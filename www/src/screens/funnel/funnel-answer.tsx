// The answer of a funnel: the share that converts, a bar a step, the groups, and who is behind a number.

import { Group, Text } from "@mantine/core";
import type { FunnelIntervals } from "eventhub-tracker/preview";
import { useEffect, useState, type ReactNode } from "react";

import type { FunnelAnswer } from "../../api/types";
import { Empty } from "../../app/notices";
import { formatRange } from "../../format/dates";
import { formatCount, formatShare, formatValue, plural } from "../../format/numbers";
import { reach } from "../../preview/reach";
import type { Funnel } from "../../state/funnel";
import { go } from "../../state/location";
import { setParameters, useParameter } from "../../state/question";
import { FunnelBars } from "./funnel-bars";
import { FunnelGroups } from "./funnel-groups";
import { decodeWho, encodeWho } from "./who";
import { WhoPanel } from "./who-panel";

interface Props {
  asked: Funnel;
  answer: Pick<FunnelAnswer, "steps" | "groups"> & Partial<Pick<FunnelAnswer, "events_scanned" | "elapsed_ms">>;
  /** Those of an estimate. */
  intervals: FunnelIntervals | undefined;
  /** A newer answer is on its way. */
  stale: boolean;
}

export function FunnelAnswerView({ asked, answer, intervals, stale }: Props) {
  const who = decodeWho(useParameter("who"), answer.steps.length);
  const first = answer.steps[0];
  const last = answer.steps.at(-1);
  if (first === undefined || last === undefined || first.count === 0) {
    return (
      <Empty title={`Nobody did ${asked.steps[0]?.event ?? "this"} then`}>
        The first step happens from {formatRange(asked.range)}. Another range or fewer filters may have someone.
      </Empty>
    );
  }
  return (
    <Answered stale={stale}>
      <Group justify="space-between" align="baseline" mb="lg">
        <Text component="p" m={0} size="lg">
          <strong>{formatShare(last.converted_from_first)}</strong>
          {reach(last.converted_from_first, intervals?.steps.at(-1)?.converted_from_first, formatShare)} convert:{" "}
          {formatCount(last.count)} of {plural(first.count, "user")}
        </Text>
        <Text size="xs" c="dimmed">
          {formatRange(asked.range)}
          {answer.events_scanned !== undefined && answer.elapsed_ms !== undefined && (
            <>
              {" "}
              &middot; {plural(answer.events_scanned, "event")} in {formatValue(answer.elapsed_ms)} ms
            </>
          )}
        </Text>
      </Group>
      <FunnelBars steps={answer.steps} intervals={intervals?.steps} onWho={(next) => setParameters({ who: encodeWho(next) }, go)} />
      {answer.groups.length > 0 && (
        <FunnelGroups
          property={asked.breakdown?.property ?? ""}
          groups={answer.groups}
          intervals={intervals?.groups}
        />
      )}
      {who !== undefined && <WhoPanel asked={asked} who={who} onClose={() => setParameters({ who: null })} />}
    </Answered>
  );
}

/** How long an answer may take before the last one fades: most take less, and would flicker. */
const FADE_AFTER_MS = 200;

/** An answer that fades when a newer one is long in coming. */
export function Answered({ stale, children }: { stale: boolean; children: ReactNode }) {
  const [faded, setFaded] = useState(false);
  useEffect(() => {
    if (!stale) {
      setFaded(false);
      return;
    }
    const timer = setTimeout(() => setFaded(true), FADE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [stale]);
  return (
    <div aria-busy={stale} style={{ opacity: faded ? 0.5 : 1 }}>
      {children}
    </div>
  );
}
