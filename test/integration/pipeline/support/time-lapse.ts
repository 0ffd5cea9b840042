const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
type Unit = keyof typeof SECONDS;

/** Keys of Prometheus' and Alertmanager's files whose value is a time. */
const KEYED =
  /^(\s*(?:- )?"?(?:for|keep_firing_for|\w*_?interval|group_wait)"?: "?)(\d+)([smhd])\b/gm;
/** Windows, steps and offsets of PromQL. */
const WINDOW = /(\[|\[\d+[smhdw]:|\boffset )(\d+)([smhdw])(?=[\]:\s)])/g;

/**
 * Shrinks every time of a configuration or rule file: the shipped scrapes, evaluations, windows, waits and pauses keep
 * their proportions. What an expression counts in plain numbers stays as it is.
 * @param factor 1 leaves the text alone
 */
export function lapse(text: string, factor: number): string {
  if (factor === 1) return text;
  const shrink = (_match: string, before: string, amount: string, unit: Unit): string =>
    `${before}${Math.round(Number(amount) * SECONDS[unit] * factor * 1_000)}ms`;
  return text.replace(KEYED, shrink).replace(WINDOW, shrink).replace(WINDOW, shrink);
}
