// A question beside its answer; above it where the page is narrow.

import { Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./split.module.css";

interface Props {
  title: string;
  question: ReactNode;
  answer: ReactNode;
  /** Whether the answer is still that of the question before an edit that is not finished. */
  waiting?: boolean;
}

export function Split({ title, question, answer, waiting = false }: Props) {
  return (
    <div className={classes.split}>
      <Paper component="section" withBorder p="md" className={classes.question} aria-label="Question">
        <Title order={1} size="h3" mb="sm">
          {title}
        </Title>
        {question}
      </Paper>
      <Paper component="section" withBorder p="md" className={classes.answer} aria-label="Answer">
        {waiting && (
          <Text size="sm" c="dimmed" mb="sm" role="status">
            The question is not finished: this is the answer to the one before.
          </Text>
        )}
        {answer}
      </Paper>
    </div>
  );
}
