// How a funnel counts a person: each event that it looks at, the step that it reached, and what ended the walk.

import { Badge, Group, Input, MultiSelect, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { explainFunnel } from "../../api/endpoints";
import { useEventTypes, useServerTimeZone, useSpan } from "../../api/known";
import type { ExplainAnswer } from "../../api/types";
import { Link } from "../../app/link";
import { Failure, Loading } from "../../app/notices";
import { formatMoment } from "../../format/dates";
import { formatCount } from "../../format/numbers";
import { parseJson } from "../../state/decode";
import { funnelCodec, newFunnel, STEPS_MAX, type Funnel } from "../../state/funnel";
import { hrefOf } from "../../state/location";
import { setParameters, useParameter } from "../../state/question";
import { endedText } from "./ended";
import { EventItem } from "./event-item";
import css from "./users.module.css";

export function Explain({ id }: { id: string }) {
  const source = useParameter("funnel");
  const funnel = source === null ? undefined : funnelCodec.decode(parseJson(source));
  const { data: types = [] } = useEventTypes();
  const { data: span } = useSpan();
  const choose = (events: string[]) => {
    const kept = new Map(funnel?.steps.map((step) => [step.event, step]));
    const range = funnel?.range ?? span;
    if (!range || events.length === 0) {
      setParameters({ funnel: null });
      return;
    }
    const steps = events.map((event) => kept.get(event) ?? { event, filters: [] });
    setParameters({ funnel: JSON.stringify({ ...(funnel ?? newFunnel(range, events)), steps }) });
  };
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        How a funnel counts them
      </Title>
      <MultiSelect
        label="Steps, in order"
        placeholder={funnel === undefined ? "Choose events" : ""}
        data={types.map(({ name }) => name)}
        value={[...new Set(funnel?.steps.map(({ event }) => event))]}
        onChange={choose}
        maxValues={STEPS_MAX}
        searchable
        limit={200}
      />
      {funnel !== undefined && funnelCodec.isComplete(funnel) && <Explained id={id} funnel={funnel} />}
    </Stack>
  );
}

function Explained({ id, funnel }: { id: string; funnel: Funnel }) {
  const ofServer = useServerTimeZone();
  const { data, error, refetch } = useQuery({
    queryKey: ["explain", id, funnel],
    queryFn: ({ signal }) => explainFunnel({ funnel, external_user_id: id }, signal),
  });
  if (error) {
    return <Failure error={error} onRetry={() => void refetch()} />;
  }
  if (data === undefined) {
    return <Loading />;
  }
  const timeZone = funnel.time_zone ?? ofServer;
  const steps = funnel.steps.map(({ event }) => event);
  return (
    <>
      <Group justify="space-between">
        <Text fw={600} role="status">
          {endedText(data, { steps, moment: (ms) => formatMoment(ms, timeZone) })}
        </Text>
        <Link className={css.back} href={hrefOf("funnel", { q: JSON.stringify(funnel) })}>
          Open the funnel
        </Link>
      </Group>
      <Walk answer={data} timeZone={timeZone} />
    </>
  );
}

function Walk({ answer: { events, events_total, external_user_id }, timeZone }: { answer: ExplainAnswer; timeZone: string }) {
  if (events_total === 0) {
    return null;
  }
  return (
    <Input.Wrapper
      labelElement="div"
      label={`Events that the funnel looks at: ${formatCount(events_total)}`}
      description={
        events.length < events_total ? `The first ${formatCount(events.length)} are shown` : undefined
      }
    >
      <ul className={css.events}>
        {events.map(({ event, reached_step: step, matches_exclusions: excluded }) => (
          <li key={event.id} className={step === null ? css.ignored : css.reached}>
            <EventItem
              event={event}
              person={external_user_id}
              time={formatMoment(event.timestamp, timeZone)}
              note={
                <>
                  {step !== null && <Badge size="sm">Step {step + 1}</Badge>}
                  {excluded.length > 0 && (
                    <Badge size="sm" color="red" variant="light">
                      Excluded
                    </Badge>
                  )}
                </>
              }
            />
          </li>
        ))}
      </ul>
    </Input.Wrapper>
  );
}
