// Status: what the server says of itself, and how events are sent to it.

import { Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { metrics, varz } from "../../api/endpoints";
import { Failure, Loading } from "../../app/notices";
import { figureText, readMetrics, readVarz, versionOf, type Figure } from "./metrics";
import { SignOut } from "./sign-out";
import { Snippets } from "./snippets";
import css from "./status.module.css";

/** How often figures are asked for while they are looked at. */
const REFRESH_MS = 5_000;

/** What is shown large, in this order. */
const TILES = [
  ["eventhub_events", "Events"],
  ["eventhub_users", "Users"],
  ["eventhub_event_types", "Event types"],
  ["eventhub_disk_data_bytes", "On disk"],
  ["eventhub_memory_bytes", "Memory"],
  ["eventhub_uptime_seconds", "Running for"],
] as const;

export default function StatusScreen() {
  const { data, error, refetch } = useQuery({
    queryKey: ["status"],
    queryFn: async ({ signal }) => {
      const [figures, texts] = await Promise.all([metrics(signal), varz(signal)]);
      return {
        figures: readMetrics(figures),
        version: versionOf(texts),
        timeZone: readVarz(texts).get("time_zone") ?? "UTC",
      };
    },
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h3">
          Status
        </Title>
        <SignOut />
      </Group>
      {error ? <Failure error={error} onRetry={() => void refetch()} /> : data ? <Figures {...data} /> : <Loading />}
    </Stack>
  );
}

function Figures({ figures, version, timeZone }: { figures: Figure[]; version: string; timeZone: string }) {
  const tiles = TILES.map(([name, title]) => ({ title, figure: figures.find((it) => it.name === name) }));
  return (
    <>
      <dl className={css.tiles}>
        {tiles.map(({ title, figure }) => figure && <Tile key={title} title={title} text={figureText(figure)} />)}
        <Tile title="Version" text={version} />
        <Tile title="Time zone" text={timeZone} />
      </dl>
      <Paper component="section" withBorder p="md" aria-label="Send events">
        <Title order={2} size="h4" mb="sm">
          Send events to this server
        </Title>
        <Snippets />
      </Paper>
      <Paper component="section" withBorder p="md" aria-label="All figures">
        <Title order={2} size="h4" mb="sm">
          All figures
        </Title>
        <Table className={css.figures} verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">What</Table.Th>
              <Table.Th scope="col" ta="right">
                Now
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {figures.map((figure) => (
              <Table.Tr key={figure.name}>
                <Table.Td>
                  {figure.help}
                  <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                    {figure.name}
                  </Text>
                </Table.Td>
                <Table.Td>{figureText(figure)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
    </>
  );
}

function Tile({ title, text }: { title: string; text: string }) {
  return (
    <div className={css.tile}>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  );
}
