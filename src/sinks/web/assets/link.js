// What the page says about its connection to the exporter: the switch at the top, and the banner while there is none.
import { nowMs, timeElement } from './times.js';

const SETTING = 'mcp-exporter.live';
const WORDS = { live: 'Live', polling: 'Every 10 s', lost: 'Reconnecting', off: 'Paused' };

const toggle = document.getElementById('live');
const banner = document.getElementById('gone');

/** Whether the reader wants live updates; on unless turned off in this browser. */
export function wantsUpdates() {
  try {
    return localStorage.getItem(SETTING) !== 'off';
  } catch {
    return true;
  }
}

function remember(isOn) {
  try {
    if (isOn) localStorage.removeItem(SETTING);
    else localStorage.setItem(SETTING, 'off');
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
}

/** @param state `live`, `polling` (no stream of events), `lost` or `off` */
export function showState(state) {
  toggle.hidden = false;
  toggle.className = `live is-${state}`;
  toggle.textContent = WORDS[state];
  toggle.setAttribute('aria-checked', String(state !== 'off'));
}

/** @param change called with whether updates are wanted now */
export function onSwitch(change) {
  toggle.addEventListener('click', () => {
    const isOn = toggle.getAttribute('aria-checked') !== 'true';
    remember(isOn);
    change(isOn);
  });
}

/** @param why a sentence without its end */
export function showGone(why) {
  if (!banner.hidden) return;
  banner.replaceChildren(
    `${why}. This page shows what was known `,
    timeElement(nowMs(), 'ago'),
    '; it may no longer be true. It continues by itself when the connection is back.',
  );
  banner.hidden = false;
  document.body.classList.add('is-gone');
}

/** @returns whether the banner was shown */
export function hideGone() {
  const wasShown = !banner.hidden;
  banner.hidden = true;
  document.body.classList.remove('is-gone');
  return wasShown;
}
