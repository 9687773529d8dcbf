// The views that the server keeps: opened, saved, saved over and deleted.

import { Button, CloseButton, Group, Popover, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import * as api from "../api/endpoints";
import { isPlayground } from "../playground/mode";
import { go, place } from "../state/location";
import { faultOfName, viewOf } from "../state/views";
import { savedHref } from "./named-view";
import classes from "./views-menu.module.css";

const NAMES = ["views"];

export function ViewsMenu() {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={300} shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" size="sm" onClick={() => setOpened(!opened)}>
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved views">
        <Views onDone={() => setOpened(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Views({ onDone }: { onDone(): void }) {
  const { data, error } = useQuery({ queryKey: NAMES, queryFn: ({ signal }) => api.views(signal), staleTime: 0 });
  const open = useMutation({
    mutationFn: savedHref,
    onSuccess: (href) => {
      go(href);
      onDone();
    },
  });
  const remove = useRefreshing(api.deleteView);
  const names = (data?.views ?? []).map(({ name }) => name);
  const fault = error ?? open.error ?? remove.error;
  return (
    <Stack gap="sm">
      <SaveForm names={names} />
      {names.length > 0 && (
        <ul className={classes.names}>
          {names.map((name) => (
            <li key={name}>
              <UnstyledButton className={classes.name} onClick={() => open.mutate(name)}>
                {name}
              </UnstyledButton>
              <CloseButton size="sm" aria-label={`Delete ${name}`} onClick={() => remove.mutate(name)} />
            </li>
          ))}
        </ul>
      )}
      {data !== undefined && names.length === 0 && (
        <Text size="sm" c="dimmed">
          No views are saved yet. A saved view is there {isPlayground ? "as long as this browser keeps it" : "for everyone who uses this server"}.
        </Text>
      )}
      {fault !== null && (
        <Text size="sm" c="red" role="alert">
          {fault.message}
        </Text>
      )}
    </Stack>
  );
}

function SaveForm({ names }: { names: string[] }) {
  const [name, setName] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const save = useRefreshing((name: string) => api.saveView(name, viewOf(place())));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const found = faultOfName(name);
    setFault(found);
    if (found === null) {
      save.mutate(name, { onSuccess: () => setName("") });
    }
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="start" wrap="nowrap">
        <TextInput
          className={classes.field}
          aria-label="Name of this view"
          placeholder="Name of this view"
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          error={fault ?? save.error?.message}
          data-autofocus
        />
        <Button type="submit" loading={save.isPending}>
          {names.includes(name) ? "Replace" : "Save"}
        </Button>
      </Group>
    </form>
  );
}

/** A change of the views, after which their names are asked for again. */
function useRefreshing(change: (name: string) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: NAMES }) });
}
