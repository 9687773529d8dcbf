// Asking a funnel. The last answer stays until the next one is there.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import * as api from "../../api/endpoints";
import type { Funnel } from "../../state/funnel";

export function useFunnel(asked: Funnel | undefined) {
  return useQuery({
    queryKey: ["funnel", asked],
    queryFn: ({ signal }) => api.funnel(asked!, signal),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
  });
}
