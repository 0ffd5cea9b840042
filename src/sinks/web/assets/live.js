// Keeps a page current: listens to server-sent events, and reads the page again when one concerns it.
import { enhanceForms } from './forms.js';
import { hideGone, onSwitch, showState, wantsUpdates } from './link.js';
import { createPageReader } from './page-reader.js';
import { createPresence } from './presence.js';
import { createStream } from './stream.js';
import { timeElement } from './times.js';
import { showToast } from './toasts.js';

/** @param main the part of the page that follows events */
function follow(main) {
  const pages = createPageReader(main);
  const presence = createPresence(() => {
    showToast('healthy', 'The exporter answers again.');
    pages.refreshSoon(0);
  });
  const stream = createStream({
    presence,
    // Whatever happened while nobody listened.
    onOpen: (wasOpen) => (wasOpen || pages.wasRead()) && pages.refreshSoon(0),
    listeners: listenersOf(main, pages),
  });
  const start = () => {
    if (!stream.isOpen() && !document.hidden && wantsUpdates()) stream.open();
  };

  // Browsers allow six connections to a host: a tab that nobody looks at gives its one back.
  document.addEventListener('visibilitychange', () => {
    stream.close();
    start();
    if (stream.isOpen()) pages.refreshSoon(0);
  });
  addEventListener('pagehide', stream.close);
  onSwitch((isOn) => {
    stream.close();
    if (isOn) {
      start();
      pages.refreshSoon(0);
    } else {
      hideGone();
      showState('off');
    }
  });
  enhanceForms(pages.refresh);
  if (!wantsUpdates()) showState('off');
  start();
}

/** What to do with each event. */
function listenersOf(main, pages) {
  const followed = main.dataset.live;
  const concerns = ({ server }) => followed === '*' || server === followed;
  const refresh = () => pages.refreshSoon();
  const refreshIfConcerned = (data) => concerns(data) && refresh();
  const refreshForAlerts = (data) => ('alerts' in main.dataset || concerns(data)) && refresh();
  return {
    status(data) {
      if (!concerns(data)) return;
      noteStatus(data);
      pages.refreshSoon(0);
    },
    check: refreshIfConcerned,
    definitions: refreshIfConcerned,
    maintenance: refreshIfConcerned,
    alert: refreshForAlerts,
    action: refreshForAlerts,
    mcp_auto_disabled: refreshForAlerts,
    added: refresh,
    removed: refresh,
    reload: refresh,
    connectivity: refresh,
    lateness: refresh,
    dropped: refresh,
    reset: refresh,
    // Only a sign that the exporter is there.
    summary: () => undefined,
  };
}

function noteStatus(data) {
  const { new_status: status } = data;
  const time = timeElement(Date.parse(data.at), 'ago');
  time.className = 'muted';
  showToast(status, serverLink(data.server), ` is now ${status}: ${data.reason} `, time);
}

function serverLink(name) {
  const link = document.createElement('a');
  link.href = `/servers/${encodeURIComponent(name)}`;
  const text = document.createElement('bdi');
  text.textContent = name;
  link.append(text);
  return link;
}

const main = document.querySelector('main[data-live]');
if (main) follow(main);
