import { closest, distance } from 'fastest-levenshtein';

/** At a greater distance the name is more likely another server than a typing error. */
const DISTANCE_MAX = 3;
const SHOWN_MAX = 10;

/** The end of a message about an unknown name. */
export function suggestName(name: string, names: readonly string[]): string {
  if (names.length === 0) return '; it has none';
  const nearest = closest(name, names);
  if (distance(name, nearest) <= DISTANCE_MAX) return `; did you mean ${JSON.stringify(nearest)}?`;
  const shown = names.slice(0, SHOWN_MAX).join(', ');
  return `; it has ${shown}${names.length > SHOWN_MAX ? `, and ${names.length - SHOWN_MAX} more` : ''}`;
}
