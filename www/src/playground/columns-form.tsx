// What the columns of a file mean: guessed, and changed here before the file is read.

import { Alert, Button, Checkbox, Group, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";

import { columnsOf, draftOf, faultOf, isComplete, REQUIRED, roleOf, type Draft, type Required } from "./columns";
import type { Columns, Guess } from "./messages";
import css from "./playground.module.css";

const LABELS: Record<Required, string> = { event: "What happened", user: "The user", time: "The time" };
const NAMES: Record<Required, string> = { event: "event", user: "user", time: "time" };

interface Props {
  file: File;
  guess: Guess;
  onLoad(columns: Columns): void;
  onOther(): void;
}

export function ColumnsForm({ file, guess, onLoad, onOther }: Props) {
  const [draft, setDraft] = useState(() => draftOf(guess));
  const heading = useRef<HTMLHeadingElement>(null);
  // What had the focus is gone with the screen before.
  useEffect(() => heading.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLoad(columnsOf(draft, guess));
  };
  const other = (
    <Button variant="default" onClick={onOther}>
      Choose another file
    </Button>
  );
  if (guess.problem !== null) {
    return (
      <Stack gap="md">
        <Alert color="red" variant="light" title={`${file.name} cannot be read as it is`} role="alert">
          {guess.problem}
        </Alert>
        <Group>{other}</Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <div>
          <Title order={2} size="h4" ref={heading} tabIndex={-1} className={css.name}>
            {file.name}
          </Title>
          <Text size="sm" c="dimmed">
            Say which columns hold what; the others become properties. Times are taken as YYYY-MM-DD HH:MM:SS (UTC), RFC 3339,
            or seconds or milliseconds since 1970.
          </Text>
        </div>
        <div className={css.roles}>
          {REQUIRED.map((role) => (
            <NativeSelect
              key={role}
              label={LABELS[role]}
              value={draft[role]}
              error={faultOf(draft, role)}
              onChange={({ currentTarget }) => setDraft({ ...draft, [role]: currentTarget.value })}
            >
              <option value="">Choose</option>
              {guess.columns.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </NativeSelect>
          ))}
        </div>
        <FirstRows guess={guess} draft={draft} onChange={setDraft} />
        <Group>
          <Button type="submit" disabled={!isComplete(draft)}>
            Load
          </Button>
          {other}
        </Group>
      </Stack>
    </form>
  );
}

interface RowsProps {
  guess: Guess;
  draft: Draft;
  onChange(draft: Draft): void;
}

/** The first rows as they are, and above each column what becomes of it. */
function FirstRows({ guess: { columns, rows }, draft, onChange }: RowsProps) {
  const keep = (name: string, isKept: boolean) => {
    const others = draft.kept.filter((kept) => kept !== name);
    onChange({ ...draft, kept: isKept ? [...others, name] : others });
  };
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label="First rows of the file">
      <Table className={css.rows} verticalSpacing={4} withTableBorder>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ name, role }) => {
              const required = roleOf(draft, name);
              return (
                <Table.Th key={name} scope="col">
                  <Text size="sm" fw={600} truncate="end" title={name}>
                    {name}
                  </Text>
                  {required === undefined ? (
                    <Checkbox
                      size="xs"
                      label={role === "insert_id" ? "insert id" : "property"}
                      aria-label={`Keep ${name}`}
                      checked={draft.kept.includes(name)}
                      onChange={({ currentTarget }) => keep(name, currentTarget.checked)}
                    />
                  ) : (
                    <Text size="xs" className={css.role}>
                      {NAMES[required]}
                    </Text>
                  )}
                </Table.Th>
              );
            })}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, place) => (
            <Table.Tr key={place}>
              {row.map((cell, column) => (
                <Table.Td key={columns[column]?.name}>{cell}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
