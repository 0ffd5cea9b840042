// The server-sent events of the exporter.
import { showState } from './link.js';

const TRY_AGAIN_AFTER_MS = 10_000;

/**
 * @param presence is told when something is heard
 * @param onOpen called when the stream is open; `true` if it was before
 * @param listeners by the name of the event, called with its data
 */
export function createStream({ presence, onOpen, listeners }) {
  let source;
  let retry;
  let wasOpen = false;
  let lastEventId = '';

  function hear(event) {
    if (event.lastEventId) ({ lastEventId } = event);
    presence.expectEvent();
    return event.data ? JSON.parse(event.data) : {};
  }

  function open() {
    const resumed = lastEventId && `?last_event_id=${encodeURIComponent(lastEventId)}`;
    source = new EventSource(`/api/v1/events${resumed}`);
    presence.expectEvent();
    source.addEventListener('open', () => {
      showState('live');
      presence.open();
      onOpen(wasOpen);
      wasOpen = true;
    });
    source.addEventListener('error', () => {
      const isRefused = source.readyState === EventSource.CLOSED;
      showState(isRefused ? 'polling' : 'lost');
      presence.lose();
      // For example because too many listen: the browser does not try again by itself.
      if (isRefused) retry = setTimeout(tryAgain, TRY_AGAIN_AFTER_MS);
    });
    for (const [name, take] of Object.entries(listeners))
      source.addEventListener(name, (event) => take(hear(event)));
  }

  function tryAgain() {
    open();
    onOpen(true);
  }

  return {
    isOpen: () => source !== undefined,
    open,
    close() {
      source?.close();
      source = undefined;
      clearTimeout(retry);
      presence.stop();
    },
  };
}
