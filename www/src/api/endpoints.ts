// The server's endpoints, a function each.

import { getJson, getText, sendJson } from "./request";
import type {
  EventTypes,
  ExplainAnswer,
  ExplainQuery,
  FindQuery,
  FunnelAnswer,
  FunnelQuery,
  FunnelUsersAnswer,
  FunnelUsersQuery,
  Persons,
  PersonShown,
  PropertyKeys,
  RetentionAnswer,
  RetentionQuery,
  Timeline,
  TrendsAnswer,
  TrendsQuery,
  Values,
  View,
  Views,
} from "./types";

/** Whose properties are meant: those of an event type's events, or of users. */
export type Owner = { event: string } | "user";

const API = "api/v1/";

export const funnel = (query: FunnelQuery, signal?: AbortSignal) =>
  sendJson<FunnelAnswer>("POST", `${API}funnel`, query, signal);

export const funnelUsers = (query: FunnelUsersQuery, signal?: AbortSignal) =>
  sendJson<FunnelUsersAnswer>("POST", `${API}funnel/users`, query, signal);

export const explainFunnel = (query: ExplainQuery, signal?: AbortSignal) =>
  sendJson<ExplainAnswer>("POST", `${API}funnel/explain`, query, signal);

export const retention = (query: RetentionQuery, signal?: AbortSignal) =>
  sendJson<RetentionAnswer>("POST", `${API}retention`, query, signal);

export const trends = (query: TrendsQuery, signal?: AbortSignal) =>
  sendJson<TrendsAnswer>("POST", `${API}trends`, query, signal);

export const eventTypes = (signal?: AbortSignal) => getJson<EventTypes>(`${API}event-types`, signal);

export const properties = (of: Owner, signal?: AbortSignal) =>
  getJson<PropertyKeys>(`${API}properties?${ownerParameters(of)}`, signal);

export function values(of: Owner, property: string, prefix: string, signal?: AbortSignal) {
  const parameters = ownerParameters(of);
  parameters.set("property", property);
  if (prefix !== "") {
    parameters.set("prefix", prefix);
  }
  return getJson<Values>(`${API}values?${parameters}`, signal);
}

export const findUsers = (query: FindQuery, signal?: AbortSignal) =>
  sendJson<Persons>("POST", `${API}users/find`, query, signal);

export const user = (id: string, signal?: AbortSignal) =>
  getJson<PersonShown>(`${API}users/${encodeURIComponent(id)}`, signal);

export const timeline = (id: string, offset: number, limit: number, signal?: AbortSignal) =>
  getJson<Timeline>(`${API}users/${encodeURIComponent(id)}/timeline?offset=${offset}&limit=${limit}`, signal);

export const views = (signal?: AbortSignal) => getJson<Views>(`${API}views`, signal);

export const view = (name: string, signal?: AbortSignal) =>
  getJson<View>(`${API}views/${encodeURIComponent(name)}`, signal);

export const saveView = (name: string, content: View) =>
  sendJson<unknown>("PUT", `${API}views/${encodeURIComponent(name)}`, content);

export const deleteView = (name: string) => sendJson<unknown>("DELETE", `${API}views/${encodeURIComponent(name)}`);

export const signIn = (username: string, password: string) =>
  sendJson<void>("POST", `${API}session`, { username, password });

export const signOut = () => sendJson<void>("DELETE", `${API}session`);

export const varz = (signal?: AbortSignal) => getText("varz", signal);

export const metrics = (signal?: AbortSignal) => getText("metrics", signal);

function ownerParameters(of: Owner): URLSearchParams {
  return new URLSearchParams(of === "user" ? { of } : of);
}
