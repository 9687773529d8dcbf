import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";

import { queryClient } from "./query-client";
import { Shell } from "./shell";
import { SignInGate } from "./sign-in";
import { theme } from "./theme";

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      // Both would be style elements made by script, which the content security policy refuses.
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <SignInGate>
          <Shell />
        </SignInGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}
