// A question beside its answer; above it where the page is narrow.

import { Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./split.module.css";

interface Props {
  title: string;
  question: ReactNode;
  answer: ReactNode;
}

export function Split({ title, question, answer }: Props) {
  return (
    <div className={classes.split}>
      <Paper component="section" withBorder p="md" className={classes.question} aria-label="Question">
        <Title order={1} size="h3" mb="sm">
          {title}
        </Title>
        {question}
      </Paper>
      <Paper component="section" withBorder p="md" className={classes.answer} aria-label="Answer">
        {answer}
      </Paper>
    </div>
  );
}
