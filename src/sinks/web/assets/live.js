// Keeps a page current: listens to server-sent events, fetches the page again and takes over what changed.
// Nothing is rendered here, so texts of servers are escaped in one place only: where the page is written.
(() => {
  const main = document.querySelector('main[data-live]');
  if (!main) return;
  const followed = main.dataset.live;
  // A large fleet makes a large page: read it less often.
  const REFRESH_EVERY_MS = document.querySelectorAll('[data-rows] tr').length > 200 ? 5000 : 2000;
  const POLL_EVERY_MS = 10000;

  // ---- times -------------------------------------------------------------------------------
  let skewMs = 0;

  function readClock(body) {
    const serverMs = Date.parse(body.dataset.now);
    if (!Number.isNaN(serverMs)) skewMs = serverMs - Date.now();
  }

  // The same words as formatSpan() in format.ts.
  function span(ms) {
    const seconds = Math.max(0, ms) / 1000;
    if (seconds < 90) return `${Math.floor(seconds)} s`;
    if (seconds < 5400) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 129600) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} d`;
  }

  function describe(atMs, form, nowMs) {
    if (form === 'for') return span(nowMs - atMs);
    if (form === 'in') return atMs - nowMs < 1000 ? 'now' : `in ${span(atMs - nowMs)}`;
    return nowMs - atMs < 1000 ? 'just now' : `${span(nowMs - atMs)} ago`;
  }

  function tick() {
    const nowMs = Date.now() + skewMs;
    for (const time of document.querySelectorAll('time[data-form]')) {
      const text = describe(Date.parse(time.dateTime), time.dataset.form, nowMs);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // ---- taking over what changed ---------------------------------------------------------------
  /** What an element says, leaving out that time passed and which lists the reader opened. */
  function signature(element) {
    const copy = element.cloneNode(true);
    for (const time of copy.querySelectorAll('time[data-form]')) time.textContent = '';
    for (const list of copy.querySelectorAll('details')) list.removeAttribute('open');
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

  function takeOver(fresh) {
    const freshMain = fresh.querySelector('main[data-live]');
    const isOtherLayout =
      !freshMain ||
      ['[data-rows]', 'form[data-check]'].some(
        (part) => !freshMain.querySelector(part) !== !main.querySelector(part),
      );
    if (isOtherLayout) {
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

  // ---- reading the page again -------------------------------------------------------------------
  let refreshing;
  let timer;
  let lastRefreshMs = 0;
  let isAgain = false;

  async function read() {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!response.ok) {
      if (response.status === 404) location.reload();
      throw new Error(`status ${response.status}`);
    }
    takeOver(new DOMParser().parseFromString(await response.text(), 'text/html'));
  }

  async function refresh() {
    clearTimeout(timer);
    timer = undefined;
    if (refreshing) {
      isAgain = true;
      return refreshing;
    }
    refreshing = read();
    try {
      await refreshing;
    } catch {
      showLink(false);
    } finally {
      refreshing = undefined;
      lastRefreshMs = Date.now();
      if (isAgain) {
        isAgain = false;
        refreshSoon(REFRESH_EVERY_MS);
      }
    }
  }

  function refreshSoon(everyMs) {
    const delayMs = Math.max(50, lastRefreshMs + everyMs - Date.now());
    timer ??= setTimeout(() => void refresh(), delayMs);
  }

  // ---- events -----------------------------------------------------------------------------------
  const linkSign = document.getElementById('live');
  const announcement = document.getElementById('announce');
  let source;
  let poll;

  function showLink(isUp) {
    linkSign.hidden = false;
    linkSign.classList.toggle('is-lost', !isUp);
    linkSign.textContent = isUp ? 'Live' : 'Connection lost, reconnecting';
  }

  function concerns(event) {
    return followed === '*' || JSON.parse(event.data).server === followed;
  }

  function connect() {
    let wasOpen = false;
    source = new EventSource('/api/v1/events');
    source.addEventListener('open', () => {
      clearInterval(poll);
      showLink(true);
      // Whatever happened while nobody listened.
      if (wasOpen || lastRefreshMs > 0) refreshSoon(0);
      wasOpen = true;
    });
    source.addEventListener('error', () => {
      showLink(false);
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused, for example because too many listen: read the page now and then instead.
      clearInterval(poll);
      poll = setInterval(() => void refresh(), POLL_EVERY_MS);
    });
    source.addEventListener('check', (event) => {
      if (concerns(event)) refreshSoon(REFRESH_EVERY_MS);
    });
    source.addEventListener('definitions', (event) => {
      if (concerns(event)) refreshSoon(REFRESH_EVERY_MS);
    });
    source.addEventListener('status', (event) => {
      if (!concerns(event)) return;
      const { server, to, reason } = JSON.parse(event.data);
      announcement.textContent = `${server} is now ${to}: ${reason}`;
      clearTimeout(timer);
      timer = undefined;
      refreshSoon(0);
    });
    for (const name of ['alert', 'action']) {
      source.addEventListener(name, (event) => {
        if ('alerts' in main.dataset || concerns(event)) refreshSoon(REFRESH_EVERY_MS);
      });
    }
    for (const name of ['added', 'removed', 'reload', 'connectivity', 'lateness', 'dropped']) {
      source.addEventListener(name, () => refreshSoon(REFRESH_EVERY_MS));
    }
  }

  function disconnect() {
    source?.close();
    source = undefined;
    clearInterval(poll);
  }

  // Browsers allow six connections to a host: a tab that nobody looks at gives its one back.
  document.addEventListener('visibilitychange', () => {
    disconnect();
    if (document.hidden) return;
    connect();
    refreshSoon(0);
  });
  addEventListener('pagehide', disconnect);

  // ---- search -----------------------------------------------------------------------------------
  const search = document.getElementById('search');
  let searchTimer;

  function applySearch() {
    const url = new URL(location.href);
    if (search.value === '') url.searchParams.delete('search');
    else url.searchParams.set('search', search.value);
    history.replaceState(null, '', url);
    void refresh();
  }

  search?.form.classList.add('is-instant');
  search?.addEventListener('input', () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(applySearch, 150);
  });
  search?.form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(searchTimer);
    applySearch();
  });

  // ---- check now ----------------------------------------------------------------------------------
  const form = document.querySelector('form[data-check]');

  async function checkNow() {
    const button = form.querySelector('button');
    const message = document.getElementById('action-message');
    const token = form.elements.namedItem('token')?.value;
    button.disabled = true;
    message.className = '';
    message.textContent = 'Checking …';
    try {
      const response = await fetch(form.dataset.check, {
        method: 'POST',
        headers: token ? { authorization: `Bearer ${token}` } : {},
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
      message.textContent = answer.reports
        .map((report) => `${report.kind}: ${report.outcome}`)
        .join(', ');
    } catch (error) {
      message.className = 'is-offline';
      message.textContent = error.message;
    } finally {
      button.disabled = false;
    }
    await refresh();
  }

  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    void checkNow();
  });

  readClock(document.body);
  setInterval(tick, 1000);
  connect();
})();
