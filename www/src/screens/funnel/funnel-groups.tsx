// The groups of a breakdown: how far each came, drawn for the largest and in a table for all.

import { Table, Text } from "@mantine/core";
import type { StepIntervals } from "eventhub-tracker/preview";
import { useMemo } from "react";

import type { FunnelAnswer } from "../../api/types";
import { Chart } from "../../charts/chart";
import { GROUPS_DRAWN_MAX, groupBarsOption } from "../../charts/group-bars";
import { usePalette } from "../../charts/palette";
import { formatDuration } from "../../format/durations";
import { groupName } from "../../format/groups";
import { formatCount, formatShare } from "../../format/numbers";
import { reach } from "../../preview/reach";

interface Props {
  property: string;
  groups: FunnelAnswer["groups"];
  /** Those of an estimate, by group and step. */
  intervals: StepIntervals[][] | undefined;
}

const CHART_PX = 280;

export function FunnelGroups({ property, groups, intervals }: Props) {
  const palette = usePalette();
  const steps = useMemo(() => (groups[0]?.steps ?? []).map(({ event }) => event), [groups]);
  const option = useMemo(() => {
    const drawn = groups.map((group) => ({
      name: groupName(group),
      shares: group.steps.map((step) => step.converted_from_first),
    }));
    return groupBarsOption(steps, drawn, palette);
  }, [steps, groups, palette]);
  return (
    <section aria-label={`By ${property}`}>
      <Text fw={600} mt="xl" mb="xs">
        By {property}
        {groups.length > GROUPS_DRAWN_MAX && (
          <Text span size="xs" c="dimmed" ml="xs">
            the largest {GROUPS_DRAWN_MAX} drawn
          </Text>
        )}
      </Text>
      <Chart
        option={option}
        height={CHART_PX}
        label={`Conversion of each step by ${property}; the table has the numbers`}
      />
      <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table mt="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{property}</Table.Th>
              {steps.map((event, index) => (
                <Table.Th key={index}>
                  {index + 1}. {event}
                </Table.Th>
              ))}
              <Table.Th>Converted</Table.Th>
              <Table.Th>Median of the last step</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {groups.map((group, index) => (
              <Table.Tr key={index}>
                <Table.Th scope="row">{groupName(group)}</Table.Th>
                {group.steps.map((step, at) => (
                  <Table.Td key={at}>
                    {formatCount(step.count)}
                    {reach(step.count, intervals?.[index]?.[at]?.count, formatCount)}
                  </Table.Td>
                ))}
                <Table.Td>
                  {formatShare(group.steps.at(-1)?.converted_from_first ?? null)}
                  {reach(
                    group.steps.at(-1)?.converted_from_first,
                    intervals?.[index]?.at(-1)?.converted_from_first,
                    formatShare,
                  )}
                </Table.Td>
                <Table.Td>{formatDuration(group.steps.at(-1)?.median_seconds ?? null)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}
