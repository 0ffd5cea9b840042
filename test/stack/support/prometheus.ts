interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** @returns the samples of an instant query, nothing where Prometheus does not answer yet */
export async function query(
  prometheus: string,
  expression: string,
  at?: number,
): Promise<readonly Sample[]> {
  const values = new URLSearchParams({ query: expression });
  if (at !== undefined) values.set('time', String(at));
  const response = await fetch(`${prometheus}/api/v1/query?${values.toString()}`).catch(
    () => undefined,
  );
  if (!response?.ok) return [];
  const { data } = (await response.json()) as { readonly data: { readonly result: Sample[] } };
  return data.result;
}

/** @returns the first value, nothing where there is none */
export async function queryValue(
  prometheus: string,
  expression: string,
  at?: number,
): Promise<number | undefined> {
  const [sample] = await query(prometheus, expression, at);
  return sample && Number(sample.value[1]);
}
