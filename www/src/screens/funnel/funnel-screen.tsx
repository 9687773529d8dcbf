// The Funnel: how many go how far, how long it takes them, and who they are.

import { lazy } from "react";

import { useSpan } from "../../api/known";
import { Empty, Failure, Loading } from "../../app/notices";
import { Split } from "../../app/split";
import { Estimated } from "../../preview/estimated";
import { BreakdownInput } from "../../questions/breakdown-input";
import { problemsOf } from "../../questions/problems";
import { funnelCodec, type Funnel } from "../../state/funnel";
import { withOptional } from "../../state/optional";
import { useQuestion } from "../../state/question";
import { FunnelAnswerView } from "./funnel-answer";
import { FunnelForm } from "./funnel-form";
import { useSuggestedFunnel } from "./suggestion";
import { useFunnel } from "./use-funnel";

/** Seen once in a server's life, so it is not loaded before first paint. */
const FirstRun = lazy(async () => ({ default: (await import("../status/first-run")).FirstRun }));

export default function FunnelScreen() {
  const { data: span } = useSpan();
  const suggested = useSuggestedFunnel();
  if (span === null) {
    return <FirstRun />;
  }
  return suggested === undefined ? <Loading /> : <FunnelOf initial={suggested} />;
}

function FunnelOf({ initial }: { initial: Funnel }) {
  const { draft, setDraft, asked, waiting } = useQuestion(funnelCodec, initial);
  const { data, estimate, error, isFetching, refetch } = useFunnel(asked);
  const problems = problemsOf(error);
  return (
    <Split
      title="Funnel"
      waiting={waiting && asked !== undefined}
      question={
        <FunnelForm draft={draft} onChange={setDraft} problems={problems}>
          <BreakdownInput
            breakdown={draft.breakdown}
            onChange={(breakdown) => setDraft(withOptional(draft, "breakdown", breakdown))}
            event={draft.steps[draft.breakdown?.step ?? 0]?.event ?? ""}
            problems={problems}
          />
        </FunnelForm>
      }
      answer={
        error !== null ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : asked === undefined ? (
          <Empty title="Which steps?">Choose the event of each step; the answer comes by itself.</Empty>
        ) : data === undefined && estimate === undefined ? (
          <Loading />
        ) : (
          <Estimated drawn={estimate?.drawn}>
            <FunnelAnswerView
              asked={asked}
              answer={estimate?.answer ?? data!}
              intervals={estimate?.intervals}
              stale={isFetching && estimate === undefined}
            />
          </Estimated>
        )
      }
    />
  );
}
