import { count, share, users } from "../format";

interface Props {
  steps: string[];
  /** Users who reached each step; the first is not 0. */
  counts: number[];
  days: number;
}

/** One bar a step: solid for who reached it, pale for who was lost since the step before. */
export function FunnelBars({ steps, counts, days }: Props) {
  const entered = counts[0] ?? 0;
  const completed = counts.at(-1) ?? 0;
  return (
    <>
      <header class="summary">
        <p class="figure">{share(completed, entered)}</p>
        <p>
          <b>{count(completed)}</b> of {users(entered)} completed{" "}
          {steps.length === 1 ? "the step" : `all ${steps.length} steps`} within{" "}
          {days === 1 ? "1 day" : `${count(days)} days`}
        </p>
      </header>
      <table class="funnel">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Users</th>
            <th scope="col">From previous</th>
            <th scope="col">From first</th>
          </tr>
        </thead>
        {steps.map((step, index) => (
          <StepBar
            key={index}
            number={index + 1}
            step={step}
            reached={counts[index] ?? 0}
            before={counts[index - 1] ?? entered}
            entered={entered}
          />
        ))}
      </table>
    </>
  );
}

interface StepProps {
  number: number;
  step: string;
  reached: number;
  before: number;
  entered: number;
}

function StepBar({ number, step, reached, before, entered }: StepProps) {
  const width = (part: number) => ({ width: `${(100 * part) / entered}%` });
  const lost = before - reached;
  return (
    <tbody>
      <tr>
        <th scope="row">
          <span class="number">{number}</span>
          {step}
        </th>
        <td>{count(reached)}</td>
        <td>{number === 1 ? "" : share(reached, before)}</td>
        <td>{number === 1 ? "" : share(reached, entered)}</td>
      </tr>
      <tr aria-hidden="true">
        <td colSpan={4} title={lost === 0 ? "" : `${users(lost)} did not get here`}>
          <div class="track">
            <div class="lost" style={width(before)} />
            <div class="reached" style={width(reached)} />
          </div>
        </td>
      </tr>
    </tbody>
  );
}
