/**
 * An expression for a page of Grafana 12 or 13: more than five panels are there, and each shows its data. The loading bar
 * alone does not say so: it appears after a panel does, and not at all when the answer comes within 200 ms. Until the first
 * answer the panel's content is empty, and until its code has arrived the content says so.
 *
 * The test ids are those of the package `@grafana/e2e-selectors` 13.2 (`Panels.Panel`).
 */
export const PANELS_SHOW_DATA = `(() => {
  const panels = [...document.querySelectorAll('section[data-testid^="data-testid Panel header "]')];
  const isFilled = (panel) =>
    panel.querySelector('[data-testid="data-testid panel content"]')?.childElementCount > 0 &&
    panel.querySelector('[aria-label="Panel loading bar"]') === null;
  return (
    panels.length > 5 &&
    panels.every(isFilled) &&
    !document.body.innerText.includes('Loading plugin panel')
  );
})()`;
