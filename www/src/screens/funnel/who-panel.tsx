// Who is at a step of the funnel: their ids, some of their properties, and the way to each of them.

import { Button, Modal, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import * as api from "../../api/endpoints";
import type { Person } from "../../api/types";
import { Link } from "../../app/link";
import { Empty, Failure, Loading } from "../../app/notices";
import { plural } from "../../format/numbers";
import type { Funnel } from "../../state/funnel";
import { hrefOf } from "../../state/location";
import { whoTitle, type Who } from "./who";

interface Props {
  asked: Funnel;
  who: Who;
  onClose(): void;
}

const PAGE = 50;
/** Properties that a row has room for. */
const PROPERTIES_SHOWN = 4;

export function WhoPanel({ asked, who, onClose }: Props) {
  const { data, error, fetchNextPage, hasNextPage, isFetching, refetch } = useInfiniteQuery({
    queryKey: ["funnel-users", asked, who],
    queryFn: ({ pageParam, signal }) =>
      api.funnelUsers({ funnel: asked, step: who.step, status: who.status, offset: pageParam, limit: PAGE }, signal),
    initialPageParam: 0,
    getNextPageParam: ({ total }, pages) => {
      const shown = pages.reduce((sum, { users }) => sum + users.length, 0);
      return shown < total ? shown : undefined;
    },
  });
  const users = data?.pages.flatMap((page) => page.users) ?? [];
  const total = data?.pages[0]?.total ?? 0;
  const hasProperties = users.some(({ properties }) => Object.keys(properties).length > 0);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={whoTitle(
        who,
        asked.steps.map((step) => step.event),
      )}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {error !== null && <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loading what="Loading users" />}
      {data !== undefined && total === 0 && <Empty title="Nobody" />}
      {users.length > 0 && (
        <>
          <Text size="sm" c="dimmed" mb="xs">
            {plural(total, "user")}
          </Text>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>User</Table.Th>
                {hasProperties && <Table.Th>Properties</Table.Th>}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {users.map(({ external_user_id: id, properties }) => (
                <Table.Tr key={id}>
                  <Table.Td>
                    <Link href={hrefOf("users", { id, funnel: JSON.stringify(asked) })}>{id}</Link>
                  </Table.Td>
                  {hasProperties && <Table.Td>{summaryOf(properties)}</Table.Td>}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {hasNextPage && (
            <Button mt="sm" variant="light" loading={isFetching} onClick={() => void fetchNextPage()}>
              Show more
            </Button>
          )}
        </>
      )}
    </Modal>
  );
}

function summaryOf(properties: Person["properties"]): string {
  const shown = Object.entries(properties).slice(0, PROPERTIES_SHOWN);
  return shown.map(([key, value]) => `${key}: ${value}`).join(", ");
}
