// An answer that may be an estimate: what it is made from is said above it, and its numbers look less certain.

import { Text } from "@mantine/core";
import type { Drawn } from "eventhub-tracker/preview";
import type { ReactNode } from "react";

import { formatCount } from "../format/numbers";
import css from "./estimated.module.css";
import { isSample } from "./reach";

interface Props {
  /** The sample of an estimate; none of the server's answer. */
  drawn: Drawn | undefined;
  children: ReactNode;
}

export function Estimated({ drawn, children }: Props) {
  return (
    <div className={isSample(drawn) ? css.sample : undefined}>
      <Text size="xs" className={css.note} role="status">
        {drawn !== undefined &&
          isSample(drawn) &&
          `Estimate from a sample of ${formatCount(drawn.persons)} of ${formatCount(drawn.of_persons)} people, \u00b1 its 95 % interval; the exact answer is on its way`}
      </Text>
      {children}
    </div>
  );
}
