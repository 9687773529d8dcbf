// How far a file is read.

import { Button, Group, Progress as Bar, Stack, Text } from "@mantine/core";

import { plural } from "../format/numbers";
import { bytes as formatBytes } from "../screens/status/metrics";
import type { Progress } from "./messages";

interface Props {
  file: File;
  progress: Progress;
  onCancel(): void;
}

export function Reading({ file, progress: { rows, bytes }, onCancel }: Props) {
  const percent = file.size === 0 ? 100 : Math.min(100, Math.round((bytes / file.size) * 100));
  return (
    <Stack gap="sm">
      <Text role="status">Reading {file.name}</Text>
      <Bar value={percent} size="lg" aria-label={`Read of ${file.name}`} />
      <Group justify="space-between">
        <Text size="sm" data-testid="progress">
          {plural(rows, "row")}, {formatBytes(bytes)} of {formatBytes(file.size)}
          {percent === 100 && "; putting them in order"}
        </Text>
        <Button size="xs" variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}
