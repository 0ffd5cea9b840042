// Times: relative ones go on, absolute ones are shown in the zone of the reader, with UTC as title.
let skewMs = 0;

/** The reader's clock may be wrong: the page says what time it was when it was written. */
export function readClock(body) {
  const serverMs = Date.parse(body.dataset.now);
  if (!Number.isNaN(serverMs)) skewMs = serverMs - Date.now();
}

export function nowMs() {
  return Date.now() + skewMs;
}

// The same words as formatSpan() in format.ts.
function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 90) return `${Math.floor(seconds)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const two = (number) => String(number).padStart(2, '0');

/** As the page writes times in UTC: `2026-11-21`, `09:15:03`, `2026-11-21 09:15:03`. */
export function localTime(atMs, form) {
  const at = new Date(atMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (form === 'day') return day;
  if (form === 'minute') return `${day} ${time.slice(0, 5)}`;
  return form === 'clock' ? time : `${day} ${time}`;
}

function describe(atMs, form) {
  switch (form) {
    case 'for':
      return span(nowMs() - atMs);
    case 'in':
      return atMs - nowMs() < 1000 ? 'now' : `in ${span(atMs - nowMs())}`;
    case 'ago':
      return nowMs() - atMs < 1000 ? 'just now' : `${span(nowMs() - atMs)} ago`;
    default:
      return localTime(atMs, form);
  }
}

const RELATIVE = new Set(['ago', 'for', 'in']);

function titleOf(atMs, form) {
  const utc = `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return RELATIVE.has(form) ? `${localTime(atMs)} (${utc})` : utc;
}

export function tick() {
  for (const time of document.querySelectorAll('time[data-form]')) {
    const { form } = time.dataset;
    const atMs = Date.parse(time.dateTime);
    if (Number.isNaN(atMs)) continue;
    const text = describe(atMs, form);
    if (time.textContent !== text) time.textContent = text;
    const title = titleOf(atMs, form);
    if (time.title !== title) time.title = title;
  }
}

/** A time that is kept current like those of the page. */
export function timeElement(atMs, form) {
  const time = document.createElement('time');
  time.dateTime = new Date(atMs).toISOString();
  time.dataset.form = form;
  time.textContent = describe(atMs, form);
  time.title = titleOf(atMs, form);
  return time;
}

function nameZone() {
  const zone = document.getElementById('zone');
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'local';
  if (zone && name !== 'UTC') zone.textContent = `Times are those of ${name}; hover for UTC.`;
}

readClock(document.body);
nameZone();
tick();
setInterval(tick, 1000);
