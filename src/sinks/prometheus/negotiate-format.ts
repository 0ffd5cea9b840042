export type ExpositionFormat = 'text' | 'openmetrics';

export interface NegotiatedFormat {
  readonly format: ExpositionFormat;
  readonly contentType: string;
}

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

interface Offer {
  readonly format: ExpositionFormat;
  readonly type: string;
  readonly version: string;
}

const TEXT: Offer = { format: 'text', type: 'text/plain', version: '0.0.4' };
const OPENMETRICS: Offer = {
  format: 'openmetrics',
  type: 'application/openmetrics-text',
  version: '1.0.0',
};

/** Ways to write names outside the classic character set. All of ours are inside, so each of them is true of our pages. */
const ESCAPINGS: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

/**
 * Chooses the exposition format by the `Accept` header (RFC 9110 §12.5.1). OpenMetrics is for clients that name it and
 * like it at least as much as the text format; everyone else gets text, also when nothing matches: a page beats a 406.
 * An `escaping` parameter of the chosen range is repeated in the answer, as Prometheus 3 does.
 */
export function negotiateFormat(accept: string | undefined): NegotiatedFormat {
  const ranges = parseAccept(accept ?? '');
  const openMetrics = bestNamed(ranges, OPENMETRICS);
  const text = bestNamed(ranges, TEXT);
  const textQuality = text?.quality ?? wildcardQuality(ranges);
  if (openMetrics && openMetrics.quality > 0 && openMetrics.quality >= textQuality) {
    return answer(OPENMETRICS, openMetrics);
  }
  return answer(TEXT, text);
}

function answer(offer: Offer, range: MediaRange | undefined): NegotiatedFormat {
  const escaping = range?.parameters.get('escaping') ?? '';
  const suffix = ESCAPINGS.includes(escaping) ? `; escaping=${escaping}` : '';
  return {
    format: offer.format,
    contentType: `${offer.type}; version=${offer.version}; charset=utf-8${suffix}`,
  };
}

function bestNamed(ranges: readonly MediaRange[], offer: Offer): MediaRange | undefined {
  let best: MediaRange | undefined;
  for (const range of ranges) {
    if (range.type !== offer.type) continue;
    if ((range.parameters.get('version') ?? offer.version) !== offer.version) continue;
    if (!best || range.quality > best.quality) best = range;
  }
  return best;
}

function wildcardQuality(ranges: readonly MediaRange[]): number {
  const range =
    ranges.find(({ type }) => type === 'text/*') ?? ranges.find(({ type }) => type === '*/*');
  return range?.quality ?? 0;
}

function parseAccept(accept: string): MediaRange[] {
  return accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const pairs = new Map(parameters.map(parseParameter));
    const quality = Number(pairs.get('q') ?? 1);
    return { type, parameters: pairs, quality: quality >= 0 && quality <= 1 ? quality : 0 };
  });
}

function parseParameter(parameter: string): [string, string] {
  const [name = '', value = ''] = parameter.split('=').map((piece) => piece.trim());
  return [name, value.replace(/^"(.*)"$/, '$1')];
}
