import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "../api/request";

const RETRIES_MAX = 2;

/** Answers are kept as they were asked; what a client asked wrongly is not asked again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < RETRIES_MAX && error instanceof ApiError && (error.status === 0 || error.status === 503),
    },
  },
});
