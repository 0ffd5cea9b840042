import { type Dashboard, type Panel, panelsOf, type Place } from './dashboard.ts';

const COLUMNS = 24;
/** More than that nobody reads, and a page of it opens slowly. */
const PANELS_MAX = 25;

/** On the narrowest screen that is looked at, of 1440 pixels; the padding and the marks beside a title take of them. */
const COLUMN_PIXELS = 56;
const FRAME_PIXELS = 90;
const LETTER_PIXELS = 7;
/** Around the text of a cell, and the arrow of the column that is sorted by. */
const CELL_PIXELS = 16;
const ARROW_PIXELS = 20;

export function lintLayout(dashboard: Dashboard): string[] {
  const all = panelsOf(dashboard);
  const ids = all.map(({ id }) => id);
  const open = dashboard.panels.filter(({ type }) => type !== 'row');
  const groups = [dashboard.panels, ...dashboard.panels.map(({ panels = [] }) => panels)];
  return [
    ...all.filter(({ id }, index) => ids.indexOf(id) !== index).map((panel) => tell(panel, 'id')),
    ...all.filter(({ id }) => !Number.isInteger(id) || id < 1).map((panel) => tell(panel, 'no id')),
    ...all.filter(({ gridPos }) => isOutside(gridPos)).map((panel) => tell(panel, 'off the page')),
    ...all.filter((panel) => isCutOff(panel)).map((panel) => tell(panel, 'its title is cut off')),
    ...all.flatMap((panel) =>
      cutColumnsOf(panel).map((name) => tell(panel, `column ${name} is cut off`)),
    ),
    ...(open[0]?.type === 'stat' ? [] : ['it does not begin with its headline']),
    ...groups.flatMap((panels) => overlapsOf(panels)),
    ...dashboard.panels
      .filter(
        ({ type, collapsed, panels }) => type === 'row' && collapsed !== Boolean(panels?.length),
      )
      .map((row) => tell(row, 'folded and empty, or open with panels inside')),
    ...(open.length > PANELS_MAX ? [`${open.length} panels that are not folded away`] : []),
  ];
}

function tell({ title }: Panel, finding: string): string {
  return `${title}: ${finding === 'id' ? 'its id belongs to another panel' : finding}`;
}

function isOutside({ x, y, w, h }: Place): boolean {
  return x < 0 || y < 0 || w < 1 || h < 1 || x + w > COLUMNS;
}

function isCutOff({ title = '', gridPos }: Panel): boolean {
  return title.length * LETTER_PIXELS > gridPos.w * COLUMN_PIXELS - FRAME_PIXELS;
}

/** Columns with a width of their own that is too small for what stands above them. */
function cutColumnsOf({ fieldConfig, options }: Panel): string[] {
  return (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) => {
    const name = String(matcher.options);
    const width = properties.find(({ id }) => id === 'custom.width')?.value;
    const isSorted = options?.sortBy?.some(({ displayName }) => displayName === name) === true;
    const needed = name.length * LETTER_PIXELS + CELL_PIXELS + (isSorted ? ARROW_PIXELS : 0);
    return typeof width === 'number' && width < needed ? [name] : [];
  });
}

function overlapsOf(panels: readonly Panel[]): string[] {
  return panels.flatMap((one, index) =>
    panels
      .slice(index + 1)
      .filter((other) => doOverlap(one.gridPos, other.gridPos))
      .map((other) => `${one.title}: overlaps ${other.title}`),
  );
}

function doOverlap(one: Place, other: Place): boolean {
  return (
    one.x < other.x + other.w &&
    other.x < one.x + one.w &&
    one.y < other.y + other.h &&
    other.y < one.y + one.h
  );
}
