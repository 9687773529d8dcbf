// The way out, for who signed in by the form.

import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { signOut } from "../../api/endpoints";
import { hasSignedIn, rememberSignedIn } from "../../app/session";

export function SignOut() {
  const client = useQueryClient();
  const { mutate, isPending } = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      rememberSignedIn(false);
      // What is on the screen is asked for again, and refused.
      void client.resetQueries();
    },
  });
  if (!hasSignedIn()) {
    return null;
  }
  return (
    <Button variant="default" size="xs" loading={isPending} onClick={() => mutate()}>
      Sign out
    </Button>
  );
}
