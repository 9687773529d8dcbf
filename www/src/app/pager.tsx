// Pages of a list, the page in the address.

import { Button, Group, Text } from "@mantine/core";

import { formatCount } from "../format/numbers";
import { setParameters, useParameter } from "../state/question";

/** The page of the address, from 0. */
export function usePage(name: string): number {
  const page = Number(useParameter(name));
  return Number.isSafeInteger(page) && page > 0 ? page - 1 : 0;
}

interface Props {
  /** The parameter of the address that holds the page. */
  name: string;
  /** What is turned over, for those who do not see it. */
  label: string;
  page: number;
  size: number;
  /** How many are on this page. */
  shown: number;
  /** How many there are at all, where that is known. */
  total?: number;
  hasNext: boolean;
}

export function Pager({ name, label, page, size, shown, total, hasNext }: Props) {
  const turnTo = (next: number) => setParameters({ [name]: next === 0 ? null : String(next + 1) });
  if (page === 0 && !hasNext) {
    return null;
  }
  const first = page * size;
  return (
    <Group component="nav" aria-label={label} gap="sm">
      <Button size="xs" variant="default" disabled={page === 0} onClick={() => turnTo(page - 1)}>
        Previous
      </Button>
      <Button size="xs" variant="default" disabled={!hasNext} onClick={() => turnTo(page + 1)}>
        Next
      </Button>
      <Text size="sm" c="dimmed">
        {shown === 0 ? "None" : `${formatCount(first + 1)} to ${formatCount(first + shown)}`}
        {total === undefined ? "" : ` of ${formatCount(total)}`}
      </Text>
    </Group>
  );
}
