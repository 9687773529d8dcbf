// Asking a funnel. The last answer stays until the next one, or an estimate of it, is there.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import * as api from "../../api/endpoints";
import { usePreview } from "../../preview/use-preview";
import type { Funnel } from "../../state/funnel";

export function useFunnel(asked: Funnel | undefined) {
  const query = useQuery({
    queryKey: ["funnel", asked],
    queryFn: ({ signal }) => api.funnel(asked!, signal),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
  });
  const isAnswered = query.data !== undefined && !query.isPlaceholderData;
  return { ...query, estimate: usePreview("funnel", asked, isAnswered || query.error !== null) };
}
