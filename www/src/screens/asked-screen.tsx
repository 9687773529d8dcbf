// A screen whose question begins with all events there are: its frame, and the way from the form to the answer.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";

import { useSpan } from "../api/known";
import type { Range } from "../api/types";
import { problemsOf, type Problems } from "../questions/problems";
import { FirstRun } from "./status/first-run";
import { useQuestion, type Codec } from "../state/question";
import { Failure, Loading } from "../app/notices";
import { Split } from "../app/split";

interface Props<Q, A> {
  title: string;
  codec: Codec<Q>;
  /** The question of a link without one, about all events. */
  first(span: Range): Q;
  ask(question: Q, signal: AbortSignal): Promise<A>;
  Form: ComponentType<{ question: Q; onChange(question: Q): void; problems: Problems }>;
  Answer: ComponentType<{ question: Q; answer: A }>;
}

export function AskedScreen<Q, A>(props: Props<Q, A>) {
  const { data: span, error, refetch } = useSpan();
  if (error) {
    return <Failure error={error} onRetry={() => void refetch()} />;
  }
  return span === undefined ? <Loading /> : span === null ? <FirstRun /> : <Asked {...props} span={span} />;
}

function Asked<Q, A>({ title, codec, first, ask, Form, Answer, span }: Props<Q, A> & { span: Range }) {
  const { draft, setDraft, asked, waiting } = useQuestion(codec, first(span));
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: [title, asked],
    // An answer is drawn as its question says, also while that of the next is waited for.
    queryFn: async ({ signal }) =>
      asked === undefined ? null : { question: asked, answer: await ask(asked, signal) },
    placeholderData: keepPreviousData,
  });
  return (
    <Split
      title={title}
      waiting={waiting && asked !== undefined}
      question={<Form question={draft} onChange={setDraft} problems={problemsOf(error)} />}
      answer={
        error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : data ? (
          <div aria-busy={isFetching}>
            <Answer {...data} />
          </div>
        ) : (
          <Loading />
        )
      }
    />
  );
}
