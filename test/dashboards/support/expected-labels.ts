import { linksOf, type Panel, type Target } from './dashboard-model.ts';

/** Labels that every series of the answer must have, for `{{label}}` would be empty without. */
export function labelsOfFormat(format = ''): string[] {
  return [...format.matchAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g)].map(([, label = '']) => label);
}

/** Labels that at least one answer of the panel must have: what its links and transformations build on. */
export function labelsOfPanel(panel: Panel): string[] {
  const links = linksOf(panel).flatMap((url) =>
    [
      ...url.matchAll(/__field\.labels\.(\w+)|__data\.fields\.(\w+)|__data\.fields\["([^"]+)"\]/g),
    ].map(([, label, field, quoted]) => label ?? field ?? quoted ?? ''),
  );
  const fields = (panel.transformations ?? []).flatMap(({ options = {} }) => [
    ...(options.byField === undefined ? [] : [options.byField]),
    ...Object.keys(options.renameByName ?? {}),
    ...Object.keys(options.excludeByName ?? {}),
    ...Object.keys(options.indexByName ?? {}),
  ]);
  return [...new Set([...links, ...fields])].filter(isLabel);
}

/** Fields that a transformation makes, and those of Grafana itself, are written with a capital. */
function isLabel(name: string): boolean {
  return /^[a-z_][a-z0-9_]*$/.test(name) && name !== 'timestamp';
}

export function formatOf({ legendFormat }: Target): string {
  return legendFormat === undefined || legendFormat === '__auto' ? '' : legendFormat;
}
