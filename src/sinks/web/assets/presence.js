// Whether the exporter is there, apart from its stream of events.
import { hideGone, showGone } from './link.js';

/** A stream that works says something every five seconds; then the exporter is asked. */
const SILENCE_MS_MAX = 16_000;
/** A restart of the exporter may take a moment. */
const LOST_FOR_MS = 2_000;
const PATIENCE_MS = 5_000;

/** @param onBack called when the exporter answers again after the banner was shown */
export function createPresence(onBack) {
  let silence;
  let lost;

  async function verify() {
    try {
      const response = await fetch('/-/healthy', {
        cache: 'no-store',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.ok) found();
      else showGone(`The exporter answers with status ${response.status}`);
    } catch {
      showGone('The exporter does not answer');
    }
    if (silence !== undefined) expectEvent();
  }

  function found() {
    if (hideGone()) onBack();
  }

  function expectEvent() {
    clearTimeout(silence);
    silence = setTimeout(() => void verify(), SILENCE_MS_MAX);
  }

  return {
    expectEvent,
    /** The stream is open. */
    open() {
      clearTimeout(lost);
      lost = undefined;
      found();
      expectEvent();
    },
    /** The stream ended, and nobody wanted that. */
    lose() {
      lost ??= setTimeout(() => void verify(), LOST_FOR_MS);
    },
    /** Nothing is expected any more. */
    stop() {
      for (const timer of [silence, lost]) clearTimeout(timer);
      silence = undefined;
      lost = undefined;
    },
  };
}
