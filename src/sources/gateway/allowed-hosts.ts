import { isLoopbackHost } from '../../facts/rules/loopback.ts';

export interface HostRules {
  /** Whether the listener is reached from this machine only. */
  readonly isLoopback: boolean;
  /** Lower case: a name, with a port or for every port; `*.` stands for all names below. */
  readonly allowedHosts: readonly string[];
  /** Lower case, as in an `Origin` header. */
  readonly allowedOrigins: readonly string[];
  /** Of the listener, for what is its own origin. */
  readonly isTls: boolean;
}

export interface HostCheck {
  /** Against DNS rebinding: whether a request with this `Host` was meant for us. */
  allowsHost(host: string | undefined): boolean;
  /** Whether the page that made a request may; programs send no `Origin`. */
  allowsOrigin(origin: string | undefined, host: string | undefined): boolean;
}

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;
const HOST = /^(\[[0-9a-f:.]+\]|[^\s:/@?#\\,[\]]+)(?::(\d{1,5}))?$/;
/** Pairs of headers whose verdict is kept: a client sends the same on every request. */
const KEPT_MAX = 100;

/**
 * Which `Host` and `Origin` a listener answers. On loopback names of this machine are always allowed and everything
 * else must be listed; elsewhere every host is, unless some are listed. Origins are allowed if they are
 * listed, of this machine (on loopback), or our own under a known name.
 */
export function createHostCheck(rules: HostRules): HostCheck {
  const hosts = remember((host) => judgeHost(host, rules));
  const origins = remember((pair) => {
    const [origin = '', host = ''] = pair.split(' ');
    return judgeOrigin(origin, host, rules);
  });
  return {
    allowsHost: (host) => hosts(host ?? ''),
    allowsOrigin(origin, host) {
      if (origin === undefined) return true;
      // A space is in neither, so that no two pairs are the same.
      return !origin.includes(' ') && origins(`${origin} ${host ?? ''}`);
    },
  };
}

function judgeHost(host: string, rules: HostRules): boolean {
  if (!rules.isLoopback && rules.allowedHosts.length === 0) return HOST.test(host.toLowerCase());
  return isKnownHost(host, rules.allowedHosts);
}

function isKnownHost(host: string, allowedHosts: readonly string[]): boolean {
  const match = HOST.exec(host.toLowerCase());
  if (!match) return false;
  const name = (match[1] ?? '').replace(/\.$/, '');
  if (isLoopbackHost(name)) return true;
  return allowedHosts.some((allowed) => {
    const [, allowedName = '', allowedPort] = HOST.exec(allowed) ?? [];
    if (allowedPort !== undefined && allowedPort !== match[2]) return false;
    return allowedName.startsWith('*.')
      ? name.endsWith(allowedName.slice(1))
      : name === allowedName;
  });
}

function judgeOrigin(
  written: string,
  host: string,
  { isLoopback, isTls, allowedHosts, allowedOrigins }: HostRules,
): boolean {
  const origin = written.toLowerCase();
  if (allowedOrigins.includes(origin)) return true;
  const url = origin === 'null' ? null : URL.parse(origin);
  if (url === null) return false;
  if (isLoopback && /^https?:$/.test(url.protocol) && isLoopbackHost(url.hostname)) return true;
  // A name that anybody could point at us makes no origin ours.
  if (!isKnownHost(host, allowedHosts) && !ADDRESS.test(host)) return false;
  return origin === `${isTls ? 'https' : 'http'}://${host.toLowerCase()}`;
}

/** Keeps verdicts over the first texts that come; others are judged each time. */
function remember(judge: (text: string) => boolean): (text: string) => boolean {
  const verdicts = new Map<string, boolean>();
  return (text) => {
    const known = verdicts.get(text);
    if (known !== undefined) return known;
    const verdict = judge(text);
    // Only what is allowed: an attacker must not fill the places of honest clients.
    if (verdict && verdicts.size < KEPT_MAX) verdicts.set(text, verdict);
    return verdict;
  };
}
