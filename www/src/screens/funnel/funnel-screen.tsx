// The Funnel: how many go how far, how long it takes them, and who they are.

import { useQuery, keepPreviousData } from "@tanstack/react-query";

import * as api from "../../api/endpoints";
import { Failure, Loading } from "../../app/notices";
import { Split } from "../../app/split";
import { problemsOf } from "../../questions/problems";
import { funnelCodec, type Funnel } from "../../state/funnel";
import { useQuestion } from "../../state/question";
import { FunnelAnswerView } from "./funnel-answer";
import { FunnelForm } from "./funnel-form";
import { useSuggestedFunnel } from "./suggestion";

export default function FunnelScreen() {
  const suggested = useSuggestedFunnel();
  return suggested === undefined ? <Loading /> : <FunnelOf initial={suggested} />;
}

function FunnelOf({ initial }: { initial: Funnel }) {
  const { draft, setDraft, asked } = useQuestion(funnelCodec, initial);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["funnel", asked],
    queryFn: ({ signal }) => api.funnel(asked!, signal),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
  });
  return (
    <Split
      title="Funnel"
      question={<FunnelForm draft={draft} onChange={setDraft} problems={problemsOf(error)} />}
      answer={
        error !== null ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : data === undefined || asked === undefined ? (
          <Loading />
        ) : (
          <FunnelAnswerView asked={asked} answer={data} stale={isFetching} />
        )
      }
    />
  );
}
