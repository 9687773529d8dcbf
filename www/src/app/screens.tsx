// The screens, each loaded when it is first opened. The server answers their names with the page itself
// (`server/src/http/dashboard.rs`), so a name added here is added there.

import { lazy, type ComponentType } from "react";

import { isPlayground } from "../playground/mode";

export interface Screen {
  /** The segment of the address. */
  name: string;
  title: string;
  component: ComponentType;
}

const ALL: readonly Screen[] = [
  { name: "funnel", title: "Funnel", component: lazy(() => import("../screens/funnel/funnel-screen")) },
  { name: "retention", title: "Retention", component: lazy(() => import("../screens/retention/retention-screen")) },
  { name: "trends", title: "Trends", component: lazy(() => import("../screens/trends/trends-screen")) },
  { name: "experiment", title: "Experiment", component: lazy(() => import("../screens/experiment/experiment-screen")) },
  { name: "users", title: "Users", component: lazy(() => import("../screens/users/users-screen")) },
  { name: "events", title: "Events", component: lazy(() => import("../screens/events/events-screen")) },
  { name: "status", title: "Status", component: lazy(() => import("../screens/status/status-screen")) },
];

/** A playground has no server whose status there would be. */
export const SCREENS = isPlayground ? ALL.filter(({ name }) => name !== "status") : ALL;

/** That of a name; the first at the root, none where there is no such screen. */
export function screenNamed(name: string): Screen | undefined {
  return name === "" ? SCREENS[0] : SCREENS.find((screen) => screen.name === name);
}
