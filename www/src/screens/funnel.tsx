import { useEffect, useState } from "preact/hooks";
import { ApiError, eventTypes, funnel, type FunnelQuery } from "../api";
import { FunnelBars } from "../charts/funnel-bars";
import { FunnelForm } from "../forms/funnel-form";
import { emptyFunnel, funnelOfSearch, searchOfFunnel } from "../url";

type Result =
  | { state: "none" }
  | { state: "loading"; query: FunnelQuery }
  | { state: "shown"; query: FunnelQuery; counts: number[] }
  | { state: "failed"; message: string };

/** Ask for a funnel and see it. What is asked for stands in the address of the page. */
export function FunnelScreen() {
  const [query, setQuery] = useState(() => funnelOfSearch(location.search));
  // Counts the times that someone asked, so that the same question can be asked again.
  const [asked, setAsked] = useState(0);
  // Counts the steps through the browser's history, each of which brings a new form.
  const [visit, setVisit] = useState(0);
  const [result, setResult] = useState<Result>({ state: "none" });
  const [types, setTypes] = useState<string[] | null>(null);

  useEffect(() => {
    const leave = new AbortController();
    // Without the names the form still works; why they are missing, the funnel will say.
    eventTypes(leave.signal).then(setTypes, () => undefined);
    return () => leave.abort();
  }, []);

  useEffect(() => {
    const follow = () => {
      setQuery(funnelOfSearch(location.search));
      setVisit((visits) => visits + 1);
    };
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);

  useEffect(() => {
    if (query === null) {
      setResult({ state: "none" });
      return;
    }
    const leave = new AbortController();
    setResult({ state: "loading", query });
    funnel(query, leave.signal).then(
      (counts) => setResult({ state: "shown", query, counts }),
      (error: unknown) => {
        if (!leave.signal.aborted) {
          setResult({ state: "failed", message: messageOf(error) });
        }
      },
    );
    return () => leave.abort();
  }, [query, asked]);

  const ask = (wanted: FunnelQuery) => {
    const search = searchOfFunnel(wanted);
    if (search !== location.search) {
      history.pushState(null, "", search);
    }
    setQuery(wanted);
    setAsked(asked + 1);
  };

  return (
    <>
      <h1>Funnel</h1>
      <div class="columns">
        <FunnelForm
          key={visit}
          initial={query ?? emptyFunnel()}
          types={types ?? []}
          onAsk={ask}
        />
        <section class="card result" aria-live="polite" aria-busy={result.state === "loading"}>
          <FunnelResult result={result} isWithoutEvents={types?.length === 0} />
        </section>
      </div>
    </>
  );
}

function FunnelResult({ result, isWithoutEvents }: { result: Result; isWithoutEvents: boolean }) {
  switch (result.state) {
    case "none":
      return isWithoutEvents ? <NoEvents /> : <NoQuestion />;
    case "loading":
      return (
        <div class="loading">
          <p class="visually-hidden">Counting</p>
          {result.query.steps.map((_, index) => (
            <div key={index} class="skeleton" />
          ))}
        </div>
      );
    case "failed":
      return (
        <div class="notice failed" role="alert">
          <h2>This funnel could not be counted</h2>
          <p>{result.message}</p>
        </div>
      );
    case "shown":
      return result.counts[0] === 0 ? (
        <NobodyEntered query={result.query} />
      ) : (
        <FunnelBars steps={result.query.steps} counts={result.counts} days={result.query.days} />
      );
  }
}

function NoQuestion() {
  return (
    <div class="notice">
      <h2>Which way do your users go?</h2>
      <p>Name the steps in the order in which they should happen, and see how many get how far.</p>
    </div>
  );
}

function NoEvents() {
  const address = new URL("events/track", location.href);
  address.search = "?event_type=signup&external_user_id=alice";
  return (
    <div class="notice">
      <h2>No events yet</h2>
      <p>Send the first one and load this page again:</p>
      <pre tabIndex={0}>curl "{address.href}"</pre>
    </div>
  );
}

function NobodyEntered({ query }: { query: FunnelQuery }) {
  return (
    <div class="notice">
      <h2>Nobody entered this funnel</h2>
      <p>
        No user did <b>{query.steps[0]}</b> from <time>{query.first}</time> to{" "}
        <time>{query.last}</time> (UTC). Try other days or another first step.
      </p>
    </div>
  );
}

function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : `The answer could not be read: ${error}`;
}
