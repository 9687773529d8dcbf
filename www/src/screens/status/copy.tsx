// A text to copy.

import { Button, CopyButton } from "@mantine/core";

import css from "./status.module.css";

export function CopyText({ text, label }: { text: string; label: string }) {
  return (
    <div className={css.copy}>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="default" onClick={copy} aria-live="polite">
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
