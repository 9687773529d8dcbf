import { useEffect, useRef, useState } from "preact/hooks";
import type { FunnelQuery } from "../api";

/** What the server takes. */
const STEPS_MAX = 32;

const TYPES_LIST = "event-types";

interface Props {
  initial: FunnelQuery;
  /** Event types offered while typing. */
  types: string[];
  onAsk: (query: FunnelQuery) => void;
}

/** The question: steps, days, and how long a user may take. */
export function FunnelForm({ initial, types, onAsk }: Props) {
  const [query, setQuery] = useState(initial);
  const list = useRef<HTMLOListElement>(null);
  // The step to go on with after one was added or removed, so that the keyboard keeps its place.
  const next = useRef<number | null>(null);

  useEffect(() => {
    if (next.current !== null) {
      list.current?.querySelectorAll("input")[next.current]?.focus();
      next.current = null;
    }
  }, [query.steps.length]);

  const change = (part: Partial<FunnelQuery>) => setQuery({ ...query, ...part });
  const addStep = () => {
    next.current = query.steps.length;
    change({ steps: [...query.steps, ""] });
  };
  const removeStep = (index: number) => {
    next.current = Math.max(index - 1, 0);
    change({ steps: query.steps.toSpliced(index, 1) });
  };
  const submit = (event: Event) => {
    event.preventDefault();
    onAsk({ ...query, steps: query.steps.map((step) => step.trim()) });
  };

  return (
    <form class="card form" onSubmit={submit}>
      <fieldset>
        <legend>Steps</legend>
        <ol class="steps" ref={list}>
          {query.steps.map((step, index) => (
            <StepField
              key={index}
              number={index + 1}
              value={step}
              onInput={(value) => change({ steps: query.steps.with(index, value) })}
              {...(query.steps.length > 1 && { onRemove: () => removeStep(index) })}
            />
          ))}
        </ol>
        <button
          type="button"
          class="quiet"
          disabled={query.steps.length >= STEPS_MAX}
          onClick={addStep}
        >
          Add a step
        </button>
        <datalist id={TYPES_LIST}>
          {types.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
      </fieldset>

      <fieldset class="pair">
        <legend>Entered between (UTC)</legend>
        <label>
          First day
          <input
            type="date"
            required
            max={query.last}
            value={query.first}
            onInput={(event) => change({ first: event.currentTarget.value })}
          />
        </label>
        <label>
          Last day
          <input
            type="date"
            required
            min={query.first}
            // Without it the browser leaves room for years of six digits.
            max="9999-12-31"
            value={query.last}
            onInput={(event) => change({ last: event.currentTarget.value })}
          />
        </label>
      </fieldset>

      <label>
        Days to complete
        <input
          type="number"
          required
          min={1}
          step={1}
          value={query.days}
          onInput={(event) => change({ days: event.currentTarget.valueAsNumber })}
        />
      </label>

      <button type="submit" class="primary">
        Show the funnel
      </button>
    </form>
  );
}

interface StepProps {
  number: number;
  value: string;
  onInput: (value: string) => void;
  /** Left out for the only step, which must stay. */
  onRemove?: () => void;
}

function StepField({ number, value, onInput, onRemove }: StepProps) {
  return (
    <li>
      <input
        type="text"
        required
        // A name made of blanks is no name.
        pattern=".*\S.*"
        title="The name of an event type"
        placeholder="event type"
        autocomplete="off"
        spellcheck={false}
        list={TYPES_LIST}
        aria-label={`Step ${number}`}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {onRemove && (
        <button
          type="button"
          class="icon"
          aria-label={`Remove step ${number}`}
          title="Remove this step"
          onClick={onRemove}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="M4 4l8 8M12 4l-8 8" />
          </svg>
        </button>
      )}
    </li>
  );
}
