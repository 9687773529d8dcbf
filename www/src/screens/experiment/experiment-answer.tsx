// What an experiment came to: the sentence first, then the intervals, then the figures.

import { Alert, Stack, Table, Text } from "@mantine/core";
import { useMemo } from "react";

import type { Experiment } from "../../api/types";
import { Empty } from "../../app/notices";
import { Chart } from "../../charts/chart";
import { intervalsHeight, intervalsOption } from "../../charts/intervals";
import { usePalette } from "../../charts/palette";
import { ABSENT, formatChange, formatCount, formatShare } from "../../format/numbers";
import { controlOf, neededOf, sentenceOf } from "./sentence";

const P_VALUE = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/** How far the numbers of a variant may be off because they are an estimate: ` \u00b1 12`, or nothing. */
export type VariantReaches = (value: string) => { users: string; converted: string; rate: string };

interface Props {
  experiment: Experiment;
  reachOf: VariantReaches | undefined;
}

export function ExperimentAnswer({ experiment, reachOf }: Props) {
  const palette = usePalette();
  const option = useMemo(() => {
    const intervals = intervalsOf(experiment);
    return { height: intervalsHeight(intervals), option: intervalsOption(intervals, palette) };
  }, [experiment, palette]);
  const control = controlOf(experiment);
  if (control === undefined || control.users === 0) {
    return <Empty title={`Nobody is in ${experiment.control}`}>Another control or range may have someone.</Empty>;
  }
  return (
    <>
      <Stack gap="xs" mb="lg">
        {experiment.variants
          .filter((variant) => variant !== control)
          .map((variant) => (
            <Alert key={variant.value} variant="light" color="indigo">
              <Text size="sm" fw={600}>
                {reachOf === undefined
                  ? sentenceOf(variant, control)
                  : `About ${formatShare(variant.rate)} convert in ${variant.value}, ${formatShare(control.rate)} in ${control.value}.`}
              </Text>
              <Text size="sm">
                {reachOf === undefined ? neededOf(variant) : "How they compare, the exact answer says."}
              </Text>
            </Alert>
          ))}
      </Stack>
      <Text fw={600} size="sm">
        Conversion with its 95 % interval
      </Text>
      <Chart
        option={option.option}
        height={option.height}
        label="Conversion of each variant with its interval; the table has the numbers"
      />
      <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table mt="md">
          <Table.Thead>
            <Table.Tr>
              {[
                "Variant",
                "Users",
                "Converted",
                "Rate",
                "95 % interval",
                "Uplift",
                "95 % interval",
                "Beats the control",
                "p-value",
              ].map((title, index) => (
                <Table.Th key={index}>{title}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {experiment.variants.map(({ value, users, converted, rate, rate_interval, comparison }) => (
              <Table.Tr key={value}>
                <Table.Th scope="row">{value}</Table.Th>
                <Table.Td>
                  {formatCount(users)}
                  {reachOf?.(value).users}
                </Table.Td>
                <Table.Td>
                  {formatCount(converted)}
                  {reachOf?.(value).converted}
                </Table.Td>
                <Table.Td>
                  {formatShare(rate)}
                  {reachOf?.(value).rate}
                </Table.Td>
                <Table.Td>{between(rate_interval, formatShare)}</Table.Td>
                <Table.Td>{formatChange(comparison?.uplift ?? null)}</Table.Td>
                <Table.Td>{between(comparison?.uplift_interval ?? null, formatChange)}</Table.Td>
                <Table.Td>{formatShare(comparison?.probability_to_beat_control ?? null)}</Table.Td>
                <Table.Td>{comparison?.p_value == null ? ABSENT : P_VALUE.format(comparison.p_value)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function intervalsOf({ control, variants }: Experiment) {
  return variants.map(({ value, rate, rate_interval }) => {
    const [low = 0, high = 0] = rate_interval ?? [];
    return { name: value, rate, low, high, isControl: value === control };
  });
}

function between(interval: number[] | null, format: (value: number) => string): string {
  const [low, high] = interval ?? [];
  return low === undefined || high === undefined ? ABSENT : `${format(low)} to ${format(high)}`;
}
