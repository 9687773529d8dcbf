// Names for the types that the OpenAPI document describes. `npm run types` makes the schema from it.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Range = Schemas["Range"];
export type Op = Schemas["Filter"]["op"];
export type Window = Schemas["Window"];
export type Exclusion = Schemas["Exclusion"];
export type Breakdown = Schemas["Breakdown"];
export type CountedEvents = Schemas["CountedEvents"];
export type Period = Schemas["Period"];
export type Measure = Schemas["Measure"];
export type FunnelQuery = Schemas["FunnelQuery"];
export type FunnelAnswer = Schemas["FunnelAnswer"];
export type FunnelStep = Schemas["FunnelStep"];
export type FunnelUsersQuery = Schemas["FunnelUsersQuery"];
export type FunnelUsersAnswer = Schemas["FunnelUsersAnswer"];
export type ExplainQuery = Schemas["ExplainQuery"];
export type ExplainAnswer = Schemas["ExplainAnswer"];
export type Experiment = Schemas["Experiment"];
export type Variant = Schemas["Variant"];
export type RetentionQuery = Schemas["RetentionQuery"];
export type RetentionAnswer = Schemas["RetentionAnswer"];
export type RetentionRow = Schemas["RetentionRow"];
export type TrendsQuery = Schemas["TrendsQuery"];
export type TrendsAnswer = Schemas["TrendsAnswer"];
export type EventTypes = Schemas["EventTypes"];
export type PropertyKeys = Schemas["PropertyKeys"];
export type PropertyKey = PropertyKeys["properties"][number];
export type Values = Schemas["Values"];
export type FindQuery = Schemas["FindQuery"];
export type Persons = Schemas["Persons"];
export type Person = Schemas["Person"];
export type PersonShown = Schemas["PersonShown"];
export type Timeline = Schemas["Timeline"];
export type EventRow = Schemas["EventRow"];
export type Views = Schemas["Views"];
export type View = Schemas["View"];
