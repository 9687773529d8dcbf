import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { isPlayground } from "../playground/mode";
import { queryClient } from "./query-client";
import { Shell } from "./shell";
import { SignInGate } from "./sign-in";
import { theme } from "./theme";

/** Not loaded where there is a server. */
const Playground = lazy(() => import("../playground/playground"));

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
        {isPlayground ? (
          <Suspense>
            <Playground>
              <Shell />
            </Playground>
          </Suspense>
        ) : (
          <SignInGate>
            <Shell />
          </SignInGate>
        )}
      </QueryClientProvider>
    </MantineProvider>
  );
}
