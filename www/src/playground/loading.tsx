// From nothing to events: a file or the demo is chosen, columns are named, rows are read.

import { Alert, Button, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";

import { ColumnsForm } from "./columns-form";
import { loadDemo, loadFile } from "./data";
import { DropZone } from "./drop-zone";
import { Closed, Engine } from "./engine";
import type { Columns, Guess, Progress } from "./messages";
import css from "./playground.module.css";
import { Reading } from "./reading";

type State =
  | { at: "start"; fault?: string }
  | { at: "busy"; what: string; engine: Engine }
  | { at: "columns"; file: File; guess: Guess; engine: Engine; fault?: string }
  | { at: "reading"; file: File; progress: Progress; engine: Engine };

interface Props {
  /** Back to what is loaded; `undefined` where nothing is. */
  onBack: (() => void) | undefined;
}

export function Loading({ onBack }: Props) {
  const [state, setState] = useState<State>({ at: "start" });
  const fail = (error: unknown) => setState({ at: "start", fault: sentence(error) });

  const choose = (file: File) => {
    const engine = new Engine();
    setState({ at: "busy", what: `Looking at ${file.name}`, engine });
    engine.guess(file).then(
      (guess) => setState({ at: "columns", file, guess, engine }),
      (error: unknown) => {
        engine.close();
        fail(error);
      },
    );
  };
  const takeDemo = () => {
    const engine = new Engine();
    setState({ at: "busy", what: "Making the demo data", engine });
    loadDemo(engine).catch((error: unknown) => {
      engine.close();
      fail(error);
    });
  };
  const load = (file: File, guess: Guess, columns: Columns, engine: Engine) => {
    const reach = (progress: Progress) => setState({ at: "reading", file, progress, engine });
    reach({ rows: 0, bytes: 0 });
    loadFile(engine, file, columns, reach).catch((error: unknown) => {
      if (!(error instanceof Closed)) {
        engine.close();
        // The columns may be named better; a worker that was ended reads no more.
        setState({ at: "columns", file, guess, engine: new Engine(), fault: sentence(error) });
      }
    });
  };
  const leave = () => {
    if ("engine" in state) {
      state.engine.close();
    }
    setState({ at: "start" });
  };

  return (
    <main className={css.page}>
      <Stack gap="md">
        <div>
          <Title order={1} size="h2">
            EventHub playground
          </Title>
          <Text c="dimmed">
            Funnels, retention and trends over your own events, answered in this tab. Nothing leaves this browser.
          </Text>
        </div>
        {"fault" in state && state.fault !== undefined && (
          <Alert color="red" variant="light" title="The file is not loaded" role="alert">
            {state.fault}
          </Alert>
        )}
        <Paper withBorder p="lg">
          {state.at === "start" && <DropZone onFile={choose} onDemo={takeDemo} />}
          {state.at === "busy" && <Text role="status">{state.what}</Text>}
          {state.at === "columns" && (
            <ColumnsForm
              key={state.file.name}
              file={state.file}
              guess={state.guess}
              onLoad={(columns) => load(state.file, state.guess, columns, state.engine)}
              onOther={leave}
            />
          )}
          {state.at === "reading" && <Reading {...state} onCancel={leave} />}
        </Paper>
        {onBack !== undefined && state.at !== "reading" && (
          <div>
            <Button
              variant="subtle"
              onClick={() => {
                leave();
                onBack();
              }}
            >
              Back to what is loaded
            </Button>
          </div>
        )}
      </Stack>
    </main>
  );
}

/** The engine's messages begin in lower case and have no full stop. */
function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, "")}.`;
}
