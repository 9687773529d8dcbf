// The search for users: by a part of their id and by what their properties are.

import { Input, Stack, Text, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { findUsers } from "../../api/endpoints";
import { useSpan } from "../../api/known";
import type { Persons } from "../../api/types";
import { Link } from "../../app/link";
import { Empty, Failure, Loading } from "../../app/notices";
import { Pager, usePage } from "../../app/pager";
import { Split } from "../../app/split";
import { plural } from "../../format/numbers";
import { FilterRows } from "../../questions/filter-rows";
import { problemsOf, type Problems } from "../../questions/problems";
import { hrefOf } from "../../state/location";
import { setParameters, useQuestion, useRested } from "../../state/question";
import { EVERYONE, findQuery, userSearchCodec, type UserSearch } from "../../state/user-search";
import { FirstRun } from "../status/first-run";
import { Properties } from "./properties";
import css from "./users.module.css";

const USERS_PER_PAGE = 50;
/** How long typing rests before the server is asked. */
const TYPING_MS = 200;

export function SearchPage() {
  const { data: span } = useSpan();
  const { draft, setDraft, asked, waiting } = useQuestion(userSearchCodec, EVERYONE);
  const page = usePage("page");
  const rested = useRested(asked, TYPING_MS);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["users", rested, page],
    queryFn: ({ signal }) => findUsers(findQuery(rested ?? EVERYONE, page * USERS_PER_PAGE, USERS_PER_PAGE), signal),
    enabled: rested !== undefined,
    placeholderData: keepPreviousData,
  });
  if (span === null && data?.total === 0 && draft === EVERYONE) {
    return <FirstRun />;
  }
  const change = (search: UserSearch) => {
    setDraft(search);
    setParameters({ page: null });
  };
  return (
    <Split
      title="Users"
      waiting={waiting && asked !== undefined}
      question={<SearchForm search={draft} onChange={change} problems={problemsOf(error)} />}
      answer={
        error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : data ? (
          <div aria-busy={isFetching}>
            <Found found={data} page={page} />
          </div>
        ) : (
          <Loading />
        )
      }
    />
  );
}

interface FormProps {
  search: UserSearch;
  onChange(search: UserSearch): void;
  problems: Problems;
}

function SearchForm({ search, onChange, problems }: FormProps) {
  return (
    <Stack gap="md">
      <TextInput
        type="search"
        label="Id contains"
        value={search.id}
        onChange={({ currentTarget }) => onChange({ ...search, id: currentTarget.value })}
      />
      <div>
        <Input.Label labelElement="div">Properties</Input.Label>
        <FilterRows
          of="user"
          filters={search.filters}
          onChange={(filters) => onChange({ ...search, filters })}
          problems={problems}
          pointer="/filters"
        />
      </div>
    </Stack>
  );
}

function Found({ found: { total, users }, page }: { found: Persons; page: number }) {
  if (total === 0) {
    return <Empty title="No such user">Nobody has an id and properties like these.</Empty>;
  }
  return (
    <Stack gap="md">
      <Text fw={600} role="status">
        {plural(total, "user")}
      </Text>
      <ul className={css.people}>
        {users.map(({ external_user_id: id, properties }) => (
          <li key={id}>
            <Link href={hrefOf("users", { id })} className={css.person}>
              {id}
            </Link>
            {Object.keys(properties).length > 0 && <Properties properties={properties} />}
          </li>
        ))}
      </ul>
      <Pager
        name="page"
        label="Pages of users"
        page={page}
        size={USERS_PER_PAGE}
        shown={users.length}
        total={total}
        hasNext={(page + 1) * USERS_PER_PAGE < total}
      />
    </Stack>
  );
}
