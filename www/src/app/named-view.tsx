// A link to a saved view by its name, `/?view=NAME`: the address becomes that of the view.

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import * as api from "../api/endpoints";
import { goInPlace } from "../state/location";
import { hrefOfView } from "../state/views";
import { Failure, Loading } from "./notices";

export function NamedView({ name }: { name: string }) {
  const { data, error, refetch } = useQuery({ queryKey: ["view", name], queryFn: () => savedHref(name) });
  useEffect(() => {
    if (data !== undefined) {
      goInPlace(data);
    }
  }, [data]);
  return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
}

/** The address of a saved view. */
export async function savedHref(name: string): Promise<string> {
  const href = hrefOfView(await api.view(name));
  if (href === null) {
    throw new Error(`${name} is no view of this dashboard.`);
  }
  return href;
}
