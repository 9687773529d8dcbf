// The way in, where the server has a password: whatever is refused for want of it brings this form.

import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent, type ReactNode } from "react";

import { signIn } from "../api/endpoints";
import { ApiError } from "../api/request";
import { rememberSignedIn } from "./session";
import classes from "./sign-in.module.css";

/** What the server calls the one who signs in, unless it was told otherwise. */
const USERNAME_DEFAULT = "admin";
const UNAUTHORIZED = 401;

export function SignInGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [closed, setClosed] = useState(false);
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ query }) => {
        const { error } = query.state;
        if (error instanceof ApiError && error.status === UNAUTHORIZED) {
          setClosed(true);
        }
      }),
    [client],
  );
  if (!closed) {
    return children;
  }
  const enter = () => {
    rememberSignedIn(true);
    // Nothing that was refused or seen before is shown to whoever came in.
    client.clear();
    setClosed(false);
  };
  return <SignInForm onSignedIn={enter} />;
}

function SignInForm({ onSignedIn }: { onSignedIn(): void }) {
  const [username, setUsername] = useState(USERNAME_DEFAULT);
  const [password, setPassword] = useState("");
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => signIn(username, password),
    onSuccess: onSignedIn,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <main className={classes.page}>
      <Paper component="form" withBorder p="lg" className={classes.form} onSubmit={submit} aria-label="Sign in">
        <Stack gap="md">
          <Title order={1} size="h3">
            EventHub
          </Title>
          <TextInput
            label="User name"
            name="username"
            autoComplete="username"
            value={username}
            onChange={({ currentTarget }) => setUsername(currentTarget.value)}
            required
            withAsterisk={false}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            required
            withAsterisk={false}
            autoFocus
          />
          {error !== null && (
            <Text size="sm" className={classes.error} role="alert">
              {sentence(error.message)}
            </Text>
          )}
          <Button type="submit" loading={isPending}>
            Sign in
          </Button>
        </Stack>
      </Paper>
    </main>
  );
}

/** The server's messages begin in lower case and have no full stop. */
function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, "")}.`;
}
