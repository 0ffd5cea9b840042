import { isJsonObject, type JsonObject } from '../../facts/json-object.ts';
import type { HttpApi } from '../../facts/ports/http-api.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';

/** A condition on a label, as Alertmanager's API has it. */
export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export interface Silence {
  readonly matchers: readonly Matcher[];
  readonly startsAtMs: EpochMs;
  readonly endsAtMs: EpochMs;
  readonly createdBy: string;
  readonly comment: string;
}

/** One that has not ended. */
export interface PresentSilence extends Silence {
  readonly id: string;
}

/**
 * Alertmanager's API, version 2 (prometheus/alertmanager: api/v2/openapi.yaml). Each method rejects with a readable error if
 * it is not there or refuses.
 */
export interface Alertmanager {
  /** Silences that are active or pending and have a matcher for this value of a label. */
  findSilences(label: string, value: string): Promise<readonly PresentSilence[]>;
  /**
   * @param id of the silence that it replaces
   * @returns its id
   */
  saveSilence(silence: Silence, id?: string): Promise<string>;
  expireSilence(id: string): Promise<void>;
  /** Fires until its end, and is resolved then. */
  saveAlert(alert: FiringAlert): Promise<void>;
  /** The alert with this value of a label; `undefined` if there is none. */
  findAlert(label: string, value: string): Promise<RoutedAlert | undefined>;
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtMs: EpochMs;
  readonly endsAtMs: EpochMs;
}

/** Where an alert goes. */
export interface RoutedAlert {
  readonly receivers: readonly string[];
  readonly isSilenced: boolean;
  readonly isInhibited: boolean;
}

export function createAlertmanager(api: HttpApi): Alertmanager {
  async function ask(...request: Parameters<HttpApi['request']>): Promise<unknown> {
    const { status, text } = await api.request(...request);
    if (status >= 200 && status < 300) return text === '' ? undefined : JSON.parse(text);
    throw new Error(`Alertmanager answered ${status}: ${text.slice(0, 200).trim()}`);
  }

  return {
    async findSilences(label, value) {
      const found = await ask('GET', `/api/v2/silences?filter=${filterOf(label, value)}`);
      return (Array.isArray(found) ? found : []).flatMap((item) => readSilence(item) ?? []);
    },
    async saveSilence(silence, id) {
      const { startsAtMs, endsAtMs, ...rest } = silence;
      const times = { startsAt: isoOf(startsAtMs), endsAt: isoOf(endsAtMs) };
      const saved = await ask('POST', '/api/v2/silences', {
        ...rest,
        ...times,
        ...(id !== undefined && { id }),
      });
      return isJsonObject(saved) ? textOf(saved['silenceID']) : '';
    },
    async expireSilence(id) {
      await ask('DELETE', `/api/v2/silence/${encodeURIComponent(id)}`);
    },
    async saveAlert({ startsAtMs, endsAtMs, ...rest }) {
      const times = { startsAt: isoOf(startsAtMs), endsAt: isoOf(endsAtMs) };
      await ask('POST', '/api/v2/alerts', [{ ...rest, ...times }]);
    },
    async findAlert(label, value) {
      const found = await ask('GET', `/api/v2/alerts?filter=${filterOf(label, value)}`);
      const [alert] = Array.isArray(found) ? found.filter(isJsonObject) : [];
      return alert && readRoutedAlert(alert);
    },
  };
}

/** Alertmanager's notation of a matcher; a JSON string is a string of it. */
function filterOf(label: string, value: string): string {
  return encodeURIComponent(`${label}=${JSON.stringify(value)}`);
}

function readSilence(item: unknown): PresentSilence | undefined {
  if (!isJsonObject(item)) return undefined;
  const { id, matchers, status } = item;
  const isOver = isJsonObject(status) && status['state'] === 'expired';
  if (isOver || typeof id !== 'string' || !Array.isArray(matchers)) return undefined;
  return {
    id,
    matchers: matchers.filter(isJsonObject).map(readMatcher),
    startsAtMs: timeOf(item['startsAt']),
    endsAtMs: timeOf(item['endsAt']),
    createdBy: textOf(item['createdBy']),
    comment: textOf(item['comment']),
  };
}

function readRoutedAlert({ receivers, status }: JsonObject): RoutedAlert {
  const names = Array.isArray(receivers) ? receivers.filter(isJsonObject) : [];
  const isNonEmpty = (key: string): boolean => {
    const list = isJsonObject(status) ? status[key] : undefined;
    return Array.isArray(list) && list.length > 0;
  };
  return {
    receivers: names.map(({ name }) => textOf(name)),
    isSilenced: isNonEmpty('silencedBy'),
    isInhibited: isNonEmpty('inhibitedBy'),
  };
}

function readMatcher({ name, value, isRegex, isEqual }: JsonObject): Matcher {
  return {
    name: textOf(name),
    value: textOf(value),
    isRegex: isRegex === true,
    isEqual: isEqual !== false,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function timeOf(value: unknown): EpochMs {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return asEpochMs(Number.isNaN(ms) ? 0 : ms);
}

function isoOf(atMs: EpochMs): string {
  return new Date(atMs).toISOString();
}
