// One person: who they are, what they did, and how a funnel counts them.

import { Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { user } from "../../api/endpoints";
import { ApiError } from "../../api/request";
import type { PersonShown } from "../../api/types";
import { Link } from "../../app/link";
import { Empty, Failure, Loading } from "../../app/notices";
import { hrefOf } from "../../state/location";
import { Explain } from "./explain";
import { Properties } from "./properties";
import { Timeline } from "./timeline";
import css from "./users.module.css";

const NOT_FOUND = 404;

export function PersonPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["user", id],
    queryFn: ({ signal }) => user(id, signal),
  });
  return (
    <Stack gap="md">
      <Text size="sm">
        <Link href={hrefOf("users")} className={css.back}>
          All users
        </Link>
      </Text>
      {error instanceof ApiError && error.status === NOT_FOUND ? (
        <Empty title="No such user">Nobody has the id {id}.</Empty>
      ) : error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Person person={data} />
      ) : (
        <Loading />
      )}
    </Stack>
  );
}

function Person({ person }: { person: PersonShown }) {
  const { external_user_id: id, properties } = person;
  return (
    <>
      <Paper component="section" withBorder p="md" aria-label="Person">
        <Title order={1} size="h3" mb="sm" className={css.name}>
          {id}
        </Title>
        <Properties properties={properties} />
        <Aliases person={person} />
      </Paper>
      <Paper component="section" withBorder p="md" aria-label="Funnel">
        <Explain id={id} />
      </Paper>
      <Paper component="section" withBorder p="md" aria-label="Timeline">
        <Timeline id={id} />
      </Paper>
    </>
  );
}

function Aliases({ person: { ids, aliases } }: { person: PersonShown }) {
  if (ids.length < 2) {
    return null;
  }
  return (
    <>
      <Title order={2} size="h5" mt="md" mb={4}>
        Known by {ids.length} ids
      </Title>
      <ul className={css.ids}>
        {ids.map((id) => {
          const alias = aliases.find(({ from_external_user_id: from }) => from === id);
          return (
            <li key={id}>
              {id}
              {alias && (
                <Text span size="xs" c="dimmed">
                  {" "}
                  is {alias.to_external_user_id}
                </Text>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
