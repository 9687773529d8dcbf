// What stands where an answer would: nothing yet, nothing at all, or what went wrong.

import { Alert, Button, Center, Loader, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { ApiError } from "../api/request";

export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <Center mih={160} role="status" aria-label={what}>
      <Loader size="sm" type="dots" />
    </Center>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap={6} py={48}>
      <Text fw={600}>{title}</Text>
      {children !== undefined && (
        <Text c="dimmed" size="sm" ta="center" maw={420} component="div">
          {children}
        </Text>
      )}
    </Stack>
  );
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const title =
    error instanceof ApiError && error.status === 400 ? "The question cannot be answered" : "Something went wrong";
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Text size="sm">{error instanceof Error ? error.message : "The dashboard does not know what."}</Text>
      {onRetry !== undefined && (
        <Button mt="sm" size="xs" variant="light" color="red" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
