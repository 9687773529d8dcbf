// A screen whose question begins with all events there are: its frame, and the way from the form to the answer.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RetentionIntervals, TrendsIntervals } from "eventhub-tracker/preview";
import type { ComponentType } from "react";

import * as api from "../api/endpoints";
import { useSpan } from "../api/known";
import type { Range, RetentionAnswer, TrendsAnswer } from "../api/types";
import { Estimated } from "../preview/estimated";
import { isSample } from "../preview/reach";
import { usePreview } from "../preview/use-preview";
import { problemsOf, type Problems } from "../questions/problems";
import { FirstRun } from "./status/first-run";
import { useQuestion, type Codec } from "../state/question";
import { Failure, Loading } from "../app/notices";
import { Split } from "../app/split";

/** The kinds of questions that are asked so, each with what its numbers' intervals are. */
interface Kinds {
  retention: { answer: Shown<RetentionAnswer>; intervals: RetentionIntervals };
  trends: { answer: Shown<TrendsAnswer>; intervals: TrendsIntervals };
}

/** An answer without what it took, which estimates do not tell. */
type Shown<A> = Omit<A, "elapsed_ms" | "events_scanned">;

interface Props<K extends keyof Kinds, Q> {
  title: string;
  kind: K;
  codec: Codec<Q>;
  /** The question of a link without one, about all events. */
  first(span: Range): Q;
  /** The body of the request that asks it. */
  body(question: Q): Parameters<(typeof api)[K]>[0];
  Form: ComponentType<{ question: Q; onChange(question: Q): void; problems: Problems }>;
  /** Intervals are those of an estimate. */
  Answer: ComponentType<{
    question: Q;
    answer: Kinds[K]["answer"];
    intervals: Kinds[K]["intervals"] | undefined;
  }>;
}

export function AskedScreen<K extends keyof Kinds, Q>(props: Props<K, Q>) {
  const { data: span, error, refetch } = useSpan();
  if (error) {
    return <Failure error={error} onRetry={() => void refetch()} />;
  }
  return span === undefined ? <Loading /> : span === null ? <FirstRun /> : <Asked {...props} span={span} />;
}

function Asked<K extends keyof Kinds, Q>(props: Props<K, Q> & { span: Range }) {
  const { title, kind, codec, first, body, Form, Answer, span } = props;
  const { draft, setDraft, asked, waiting } = useQuestion(codec, first(span));
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery({
    queryKey: [title, asked],
    // An answer is drawn as its question says, also while that of the next is waited for.
    queryFn: async ({ signal }) =>
      asked === undefined ? null : { question: asked, answer: await ask(kind, body(asked), signal) },
    placeholderData: keepPreviousData,
  });
  const isAnswered = data !== undefined && !isPlaceholderData;
  const estimate = usePreview(kind, asked && body(asked), isAnswered || error !== null);
  const shown =
    estimate !== undefined && asked !== undefined
      ? { question: asked, answer: estimate.answer as Kinds[K]["answer"], intervals: isSample(estimate.drawn) ? estimate.intervals : undefined }
      : data && { ...data, intervals: undefined };
  return (
    <Split
      title={title}
      waiting={waiting && asked !== undefined}
      question={<Form question={draft} onChange={setDraft} problems={problemsOf(error)} />}
      answer={
        error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : shown ? (
          <div aria-busy={isFetching}>
            <Estimated drawn={estimate?.drawn}>
              <Answer {...shown} />
            </Estimated>
          </div>
        ) : (
          <Loading />
        )
      }
    />
  );
}

function ask<K extends keyof Kinds>(
  kind: K,
  body: Parameters<(typeof api)[K]>[0],
  signal: AbortSignal,
): Promise<Kinds[K]["answer"]> {
  const asked = { retention: api.retention, trends: api.trends }[kind];
  return asked(body as never, signal) as Promise<Kinds[K]["answer"]>;
}
