// Takes over what changed from a page that was read again. Elements are moved and never made of texts, so texts of servers are
// escaped in one place only: where the page is written.
import { readClock, tick } from './times.js';

/** What an element says, leaving out that time passed, which lists the reader opened, and what scripts drew. */
function signature(element) {
  const copy = element.cloneNode(true);
  for (const time of copy.querySelectorAll('time[data-form]')) {
    time.textContent = '';
    time.removeAttribute('title');
  }
  for (const list of copy.querySelectorAll('details')) list.removeAttribute('open');
  for (const drawn of copy.querySelectorAll('[data-drawn]')) drawn.remove();
  return copy.innerHTML;
}

function takeRegion(region, fresh) {
  if (signature(region) === signature(fresh)) return;
  const opened = new Map();
  for (const list of region.querySelectorAll('details[id]')) opened.set(list.id, list.open);
  region.replaceChildren(...fresh.childNodes);
  for (const list of region.querySelectorAll('details[id]')) {
    if (opened.has(list.id)) list.open = opened.get(list.id);
  }
  region.dispatchEvent(new Event('taken', { bubbles: true }));
}

/** Rows keep their place in the document where nothing changed, so that focus and selection survive. */
function takeRows(body, fresh) {
  const present = new Map();
  for (const row of body.rows) present.set(row.dataset.key, row);
  let next = body.firstElementChild;
  for (const freshRow of [...fresh.rows]) {
    const row = present.get(freshRow.dataset.key);
    present.delete(freshRow.dataset.key);
    let kept = row ?? freshRow;
    row?.classList.remove('changed');
    if (row && (row.className !== freshRow.className || signature(row) !== signature(freshRow))) {
      if (row === next) next = row.nextElementSibling;
      row.replaceWith(freshRow);
      kept = freshRow;
      if (row.className !== freshRow.className) freshRow.classList.add('changed');
    }
    if (kept === next) next = next.nextElementSibling;
    else body.insertBefore(kept, next);
  }
  for (const row of present.values()) row.remove();
}

function hasOtherLayout(main, freshMain) {
  return (
    !freshMain ||
    ['[data-rows]', 'form[data-check]'].some(
      (part) => !freshMain.querySelector(part) !== !main.querySelector(part),
    )
  );
}

/** @param fresh document of the same address */
export function takeOver(main, fresh) {
  if (hasOtherLayout(main, fresh.querySelector('main[data-live]'))) {
    location.reload();
    return;
  }
  const focused = document.activeElement?.getAttribute('href');
  for (const region of main.querySelectorAll('[data-region]')) {
    const counterpart = fresh.getElementById(region.id);
    if (counterpart) takeRegion(region, counterpart);
  }
  const body = main.querySelector('[data-rows]');
  if (body) takeRows(body, fresh.querySelector('[data-rows]'));
  document.title = fresh.title;
  readClock(fresh.body);
  tick();
  if (focused && document.activeElement === document.body) {
    main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}
