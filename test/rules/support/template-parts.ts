/** Queries within a template of an alert, with stand-ins for what `printf` puts into them. */
export function templateQueries(template: string): string[] {
  return [...template.matchAll(/query \(?(?:printf )?"((?:[^"\\]|\\.)*)"/g)].map(([, query]) =>
    (query ?? '').replaceAll('%q', '"x"').replaceAll(String.raw`\"`, '"'),
  );
}

/** Labels that a template reads. */
export function templateLabels(template: string): string[] {
  return [...new Set([...template.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? ''))];
}
