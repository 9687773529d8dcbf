// The types that there are, the keys of one, and the values of a key: each list is of what is chosen in the one before.

import { Paper, Text, TextInput, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";

import type { Owner } from "../../api/endpoints";
import { useEventTypes, useProperties, useValues } from "../../api/known";
import { Empty, Failure, Loading } from "../../app/notices";
import { formatCount } from "../../format/numbers";
import { setParameters, useParameter, useRested } from "../../state/question";
import { FirstRun } from "../status/first-run";
import css from "./events.module.css";

/** How long typing rests before the server is asked. */
const TYPING_MS = 150;

export function Catalogue() {
  const type = useParameter("type");
  const key = useParameter("key");
  const { data, error, refetch } = useEventTypes();
  const [part, setPart] = useState("");
  if (error) {
    return <Failure error={error} onRetry={() => void refetch()} />;
  }
  if (data === undefined) {
    return <Loading />;
  }
  if (data.length === 0) {
    return <FirstRun />;
  }
  const shown = data.filter(({ name }) => name.toLowerCase().includes(part.toLowerCase()));
  return (
    <div className={css.lists}>
      <List title="Types">
        <TextInput
          type="search"
          aria-label="Find a type"
          placeholder="Find a type"
          value={part}
          onChange={({ currentTarget }) => setPart(currentTarget.value)}
        />
        <Choices
          label="Types"
          choices={shown.map(({ name, events }) => ({ name, count: events }))}
          chosen={type}
          onChoose={(name) => setParameters({ type: name, key: null })}
        />
      </List>
      {type !== null && <Keys key={type} type={type} chosen={key} />}
      {type !== null && key !== null && <ValueList key={`${type} ${key}`} of={{ event: type }} property={key} />}
    </div>
  );
}

function Keys({ type, chosen }: { type: string; chosen: string | null }) {
  const { data, error } = useProperties({ event: type });
  return (
    <List title={`Keys of ${type}`}>
      {error ? (
        <Failure error={error} />
      ) : data === undefined ? (
        <Loading />
      ) : data.length === 0 ? (
        <Empty title="No properties" />
      ) : (
        <Choices
          label="Keys"
          choices={data.map(({ key, count, kind }) => ({ name: key, count, note: kind ?? undefined }))}
          chosen={chosen}
          onChoose={(key) => setParameters({ key })}
        />
      )}
    </List>
  );
}

function ValueList({ of, property }: { of: Owner; property: string }) {
  const [prefix, setPrefix] = useState("");
  const { data, error } = useValues(of, property, useRested(prefix, TYPING_MS));
  return (
    <List title={`Values of ${property}`}>
      <TextInput
        type="search"
        aria-label="Values that begin with"
        placeholder="Begins with"
        value={prefix}
        onChange={({ currentTarget }) => setPrefix(currentTarget.value)}
      />
      {error ? (
        <Failure error={error} />
      ) : data === undefined ? (
        <Loading />
      ) : data.length === 0 ? (
        <Empty title="No such value" />
      ) : (
        <ul className={css.list} aria-label="Values">
          {data.map(({ value, count }) => (
            <li key={value} className={css.row}>
              <span className={css.text}>{value === "" ? "(empty)" : value}</span>
              <span className={css.count}>{formatCount(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </List>
  );
}

function List({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="md" className={css.column} aria-label={title}>
      <Title order={2} size="h5" mb="xs" className={css.text}>
        {title}
      </Title>
      {children}
    </Paper>
  );
}

interface ChoicesProps {
  label: string;
  choices: { name: string; count: number; note?: string | undefined }[];
  chosen: string | null;
  onChoose(name: string): void;
}

function Choices({ label, choices, chosen, onChoose }: ChoicesProps) {
  return (
    <ul className={css.list} aria-label={label}>
      {choices.map(({ name, count, note }) => (
        <li key={name}>
          <button
            type="button"
            className={`${css.row} ${css.choice}`}
            aria-pressed={name === chosen}
            onClick={() => onChoose(name)}
          >
            <span className={css.text}>
              {name}
              {note !== undefined && (
                <Text span size="xs" c="dimmed">
                  {" "}
                  {note}
                </Text>
              )}
            </span>
            <span className={css.count}>{formatCount(count)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
