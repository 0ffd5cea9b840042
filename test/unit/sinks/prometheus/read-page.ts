export interface PageSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PageFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly PageSample[];
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^\\"])*)"(,|$)/sy;

/** Reads an exposition back, strictly: each line must be understood, each family be one block, each series be there once. */
export function readPage(body: string): ReadonlyMap<string, PageFamily> {
  const families = new Map<string, PageFamily & { samples: PageSample[] }>();
  const seen = new Set<string>();
  let help = '';
  let current: (PageFamily & { samples: PageSample[] }) | undefined;
  for (const line of body.replace(/# EOF\n$/, '').split(/(?<=\n)/)) {
    if (!line.endsWith('\n')) throw new Error(`unfinished line: ${line}`);
    const text = line.slice(0, -1);
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(text) ?? [];
    if (word === 'HELP') help = rest;
    else if (word === 'TYPE') {
      if (families.has(name)) throw new Error(`second block of ${name}`);
      current = { name, type: rest, help, samples: [] };
      families.set(name, current);
    } else {
      const sample = readSample(text);
      if (!current || !sample.name.startsWith(current.name)) {
        throw new Error(`outside its family: ${text}`);
      }
      if (seen.has(seriesKey(sample))) throw new Error(`second time: ${text}`);
      seen.add(seriesKey(sample));
      current.samples.push(sample);
    }
  }
  return families;
}

/** The value of the only series with exactly these labels; nothing if there is none. */
export function valueOf(
  families: ReadonlyMap<string, PageFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = seriesKey({ name, labels });
  for (const family of families.values()) {
    if (!name.startsWith(family.name)) continue;
    const found = family.samples.find((sample) => seriesKey(sample) === wanted);
    if (found) return found.value;
  }
  return undefined;
}

function seriesKey({ name, labels }: Pick<PageSample, 'name' | 'labels'>): string {
  return JSON.stringify([name, Object.entries(labels).sort()]);
}

function readSample(line: string): PageSample {
  const match = SAMPLE.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  const [, name = '', labelText = '', value = ''] = match;
  return { name, labels: readLabels(labelText), value: Number(value.replace('Inf', 'Infinity')) };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) throw new Error(`not labels: ${text}`);
    const [, name = '', value = ''] = match;
    labels[name] = value.replaceAll(/\\(.)/gs, (_, escaped: string) =>
      escaped === 'n' ? '\n' : escaped,
    );
  }
  return labels;
}
