// Where a file is dropped; a button does the same for those who use no mouse.

import { Button, Group, Stack, Text } from "@mantine/core";
import { useRef, useState, type DragEvent } from "react";

import css from "./playground.module.css";

/** What is read; anything else is looked at all the same. */
const ACCEPT = ".csv,.ndjson,.jsonl,.json,.gz,.txt";

interface Props {
  onFile(file: File): void;
  onDemo(): void;
}

export function DropZone({ onFile, onDemo }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file !== undefined) {
      onFile(file);
    }
  };
  const drag = (event: DragEvent, isOver: boolean) => {
    event.preventDefault();
    setOver(isOver);
  };
  return (
    <section
      className={css.zone}
      aria-label="Choose events"
      data-over={over || undefined}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={(event) => {
        drag(event, false);
        take(event.dataTransfer.files);
      }}
    >
      <Stack align="center" gap="sm">
        <Text fw={600} size="lg">
          Drop a CSV or NDJSON file here
        </Text>
        <Text c="dimmed" size="sm" ta="center" maw={520}>
          An event a row, with a column for what happened, one for the user and one for the time; every other column becomes
          a property. Files packed by gzip are unpacked.
        </Text>
        <Group gap="sm" justify="center">
          <Button onClick={() => input.current?.click()}>Choose a file</Button>
          <Button variant="default" onClick={onDemo}>
            Take the demo data
          </Button>
        </Group>
        <input
          ref={input}
          type="file"
          accept={ACCEPT}
          className={css.input}
          tabIndex={-1}
          aria-label="File of events"
          onChange={({ currentTarget }) => take(currentTarget.files)}
        />
      </Stack>
    </section>
  );
}
