/** The question with a part that may be left out, set or taken away. */
export function withOptional<Q extends object, K extends keyof Q>(question: Q, key: K, value: Q[K] | undefined): Q {
  const { [key]: _, ...rest } = question;
  return (value === undefined ? rest : { ...rest, [key]: value }) as Q;
}
