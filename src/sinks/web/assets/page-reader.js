import { takeOver } from './take-over.js';

/** Reads the page again, not more often than a large page allows. */
export function createPageReader(main) {
  const everyMs = document.querySelectorAll('[data-rows] tr').length > 200 ? 5000 : 2000;
  let reading;
  let timer;
  let dueMs = Infinity;
  let lastMs = 0;
  let isAgain = false;

  async function read() {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (response.status === 404) location.reload();
    if (!response.ok) throw new Error(`status ${response.status}`);
    takeOver(main, new DOMParser().parseFromString(await response.text(), 'text/html'));
  }

  async function refresh() {
    clearTimeout(timer);
    dueMs = Infinity;
    if (reading) {
      isAgain = true;
      return reading;
    }
    reading = read();
    try {
      await reading;
    } catch {
      // The stream of events notices it too, and says so.
    } finally {
      reading = undefined;
      lastMs = Date.now();
      if (isAgain) {
        isAgain = false;
        refreshSoon();
      }
    }
  }

  /** @param delayMs without it, when the next one is due anyway */
  function refreshSoon(delayMs = lastMs + everyMs - Date.now()) {
    const atMs = Date.now() + Math.max(50, delayMs);
    if (atMs >= dueMs) return;
    clearTimeout(timer);
    dueMs = atMs;
    timer = setTimeout(() => void refresh(), atMs - Date.now());
  }

  return { refresh, refreshSoon, wasRead: () => lastMs > 0 };
}
