// The Experiment: a funnel whose groups are variants, compared with one of them.

import { Select } from "@mantine/core";
import type { Estimate } from "eventhub-tracker/preview";

import type { Owner } from "../../api/endpoints";
import { useValues } from "../../api/known";
import type { Experiment } from "../../api/types";
import { Empty, Failure, Loading } from "../../app/notices";
import { Split } from "../../app/split";
import { formatCount, formatShare } from "../../format/numbers";
import { Estimated } from "../../preview/estimated";
import { isSample, reach } from "../../preview/reach";
import { BreakdownInput } from "../../questions/breakdown-input";
import { problemsOf } from "../../questions/problems";
import { funnelCodec, type Funnel } from "../../state/funnel";
import { withOptional } from "../../state/optional";
import { useQuestion, type Codec } from "../../state/question";
import { Answered } from "../funnel/funnel-answer";
import { FunnelForm } from "../funnel/funnel-form";
import { useSuggestedFunnel } from "../funnel/suggestion";
import { useFunnel } from "../funnel/use-funnel";
import { ExperimentAnswer, type VariantReaches } from "./experiment-answer";

/** A funnel that cannot be asked before it has a control. */
const experimentCodec: Codec<Funnel> = {
  decode: funnelCodec.decode,
  isComplete: (funnel) => funnelCodec.isComplete(funnel) && funnel.experiment !== undefined,
};

export default function ExperimentScreen() {
  const suggested = useSuggestedFunnel();
  return suggested === undefined ? <Loading /> : <ExperimentOf initial={suggested} />;
}

function ExperimentOf({ initial }: { initial: Funnel }) {
  const { draft, setDraft, asked, waiting } = useQuestion(experimentCodec, initial);
  const { data, estimate, error, isFetching, refetch } = useFunnel(asked);
  const experiment = (estimate?.answer.experiment ?? data?.experiment) as Experiment | null | undefined;
  const problems = problemsOf(error);
  const property = draft.breakdown?.property ?? "";
  const event = draft.steps[draft.breakdown?.step ?? 0]?.event ?? "";
  return (
    <Split
      title="Experiment"
      waiting={waiting && asked !== undefined}
      question={
        <FunnelForm draft={draft} onChange={setDraft} problems={problems}>
          <BreakdownInput
            label="Variants are the values of"
            breakdown={draft.breakdown}
            onChange={(breakdown) =>
              setDraft(withOptional(withOptional(draft, "experiment", undefined), "breakdown", breakdown))
            }
            event={event}
            problems={problems}
          />
          {property !== "" && (
            <ControlSelect
              of={draft.breakdown?.of === "user" ? "user" : { event }}
              property={property}
              control={draft.experiment?.control ?? null}
              onChange={(control) => setDraft({ ...draft, experiment: { control } })}
              error={problems("/experiment")}
            />
          )}
        </FunnelForm>
      }
      answer={
        error !== null ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : asked === undefined ? (
          <Empty title="Which variant is the control?">
            Choose the property that says which variant a user got, and the value that the others are compared with.
          </Empty>
        ) : experiment == null ? (
          <Loading />
        ) : (
          <Estimated drawn={estimate?.drawn}>
            <Answered stale={isFetching && estimate === undefined}>
              <ExperimentAnswer experiment={experiment} reachOf={reachesOf(estimate)} />
            </Answered>
          </Estimated>
        )
      }
    />
  );
}

/** How far the numbers of a variant may be off, by its value, where they are an estimate. */
function reachesOf(estimate: Estimate<"funnel"> | undefined): VariantReaches | undefined {
  if (estimate === undefined || !isSample(estimate.drawn)) {
    return undefined;
  }
  return (value) => {
    const at = estimate.answer.groups.findIndex((group) => group.value === value);
    const [steps, within] = [estimate.answer.groups[at]?.steps, estimate.intervals.groups[at]];
    return {
      users: reach(steps?.[0]?.count, within?.[0]?.count, formatCount),
      converted: reach(steps?.at(-1)?.count, within?.at(-1)?.count, formatCount),
      rate: reach(steps?.at(-1)?.converted_from_first, within?.at(-1)?.converted_from_first, formatShare),
    };
  };
}

interface ControlProps {
  of: Owner;
  property: string;
  control: string | null;
  onChange(control: string): void;
  error: string | undefined;
}

function ControlSelect({ of, property, control, onChange, error }: ControlProps) {
  const { data = [] } = useValues(of, property, "");
  const values = data.map(({ value }) => value);
  return (
    <Select
      label="Control"
      placeholder="Value"
      data={control === null || values.includes(control) ? values : [control, ...values]}
      value={control}
      onChange={(next) => next !== null && onChange(next)}
      searchable
      allowDeselect={false}
      error={error}
    />
  );
}
