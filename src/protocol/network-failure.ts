import { ProxyFailure } from './proxy-tunnel.ts';
import type { ProbeFailure } from '../facts/probe-outcome.ts';

/** An error of the network as plain data. */
export interface NetworkFacts {
  readonly kind: 'network';
  /** Error codes from the outermost error to its last cause. */
  readonly codes: readonly string[];
  /** `host:port`. */
  readonly authority: string;
  readonly isTls: boolean;
  /** The connection was established, and was lost afterwards. */
  readonly isConnected: boolean;
  /** The first bytes that came back were a TLS record instead of HTTP. */
  readonly sawTlsRecord?: boolean;
  /** What a proxy did instead of connecting, its name first. */
  readonly proxyProblem?: string;
}

type DescribedFacts = Pick<NetworkFacts, 'authority' | 'isConnected'> & { readonly code: string };

interface NetworkCause {
  readonly outcome: ProbeFailure;
  readonly fits: (facts: NetworkFacts) => boolean;
  /** One sentence for a report. */
  readonly explain: (described: DescribedFacts, facts: NetworkFacts) => string;
  /** Completes "The server could not be reached: …". Names no address. */
  readonly brief: (code: string, facts: NetworkFacts) => string;
}

/** Certificate errors of OpenSSL and Node in plain words. */
const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain holds a self-signed certificate that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate cannot be traced to a trusted authority (an intermediate may be missing)',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of its certificate is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of its certificate is not trusted here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  HOSTNAME_MISMATCH: 'its certificate is for another host name',
};

/** The words for error codes of Node, undici and OpenSSL. The first cause that fits counts. */
const CAUSES: readonly NetworkCause[] = [
  {
    outcome: 'refused',
    fits: ({ proxyProblem }) => proxyProblem !== undefined,
    explain: ({ authority }, { proxyProblem = '' }) =>
      `No connection to ${authority}: the proxy ${proxyProblem}.`,
    brief: (_code, { proxyProblem = '' }) => `the proxy ${proxyProblem}`,
  },
  {
    outcome: 'dns',
    fits: hasCode(
      'ENOTFOUND',
      'EAI_AGAIN',
      'EAI_FAIL',
      'EAI_NODATA',
      'EAI_NONAME',
      'ENODATA',
      'ESERVFAIL',
    ),
    explain: ({ authority, code }) => `The host name of ${authority} cannot be resolved (${code}).`,
    brief: () => 'its host name does not resolve',
  },
  {
    outcome: 'refused',
    fits: hasCode('ECONNREFUSED'),
    explain: ({ authority }) => `Nothing accepts connections at ${authority} (ECONNREFUSED).`,
    brief: () => 'connection refused',
  },
  {
    outcome: 'refused',
    fits: hasCode(
      'EHOSTUNREACH',
      'ENETUNREACH',
      'EHOSTDOWN',
      'ENETDOWN',
      'EADDRNOTAVAIL',
      'EACCES',
      'EPERM',
    ),
    explain: ({ authority, code }) => `${authority} cannot be reached from here (${code}).`,
    brief: (code) => `no route to it (${code})`,
  },
  {
    outcome: 'timeout',
    fits: hasCode('ETIMEDOUT', 'ESOCKETTIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'),
    explain: ({ authority, code }) => `${authority} did not take the connection in time (${code}).`,
    brief: () => 'no connection in time',
  },
  {
    outcome: 'reset',
    fits: hasCode('EMFILE', 'ENFILE'),
    explain: ({ authority, code }) =>
      `No connection to ${authority}: this exporter has no free file descriptor (${code}).`,
    brief: (code) => `this exporter has no free file descriptor (${code})`,
  },
  {
    // Node refuses to send a configured value.
    outcome: 'protocol',
    fits: hasCode(
      'ERR_INVALID_CHAR',
      'ERR_UNESCAPED_CHARACTERS',
      'ERR_HTTP_INVALID_HEADER_VALUE',
      'ERR_INVALID_HTTP_TOKEN',
    ),
    explain: ({ authority, code }) =>
      `Nothing was sent to ${authority}: the configured URL or a header holds a character that HTTP does not allow (${code}).`,
    brief: (code) => `its URL or a header holds a character that HTTP does not allow (${code})`,
  },
  {
    outcome: 'tls',
    fits: (facts) => tlsReason(facts) !== undefined,
    explain: ({ authority }, facts) => `TLS with ${authority} failed: ${tlsReason(facts)}.`,
    brief: (_code, facts) => `TLS failed: ${tlsReason(facts)}`,
  },
  {
    outcome: 'reset',
    fits: ({ sawTlsRecord }) => sawTlsRecord === true,
    explain: ({ authority }) =>
      `${authority} speaks TLS, but plain HTTP was sent: use https in its URL.`,
    brief: () => 'it speaks TLS, but plain HTTP was sent',
  },
  {
    outcome: 'protocol',
    fits: hasCode('HPE_HEADER_OVERFLOW', 'UND_ERR_HEADERS_OVERFLOW'),
    explain: ({ authority, code }) =>
      `The head of the answer of ${authority} is too large (${code}).`,
    brief: () => 'the head of its answer is too large',
  },
  {
    outcome: 'protocol',
    fits: ({ codes }) => codes.some((code) => code.startsWith('HPE_')),
    explain: ({ authority, code }) => `What ${authority} sent is not HTTP (${code}).`,
    brief: () => 'what it sent is not HTTP',
  },
  {
    outcome: 'reset',
    fits: hasCode(
      'ECONNRESET',
      'EPIPE',
      'ECONNABORTED',
      'UND_ERR_SOCKET',
      'ERR_STREAM_PREMATURE_CLOSE',
    ),
    explain({ authority, code, isConnected }) {
      const when = isConnected ? 'before the answer was complete' : 'while it was being set up';
      return `${authority} closed the connection ${when} (${code}).`;
    },
    brief: () => 'the connection broke',
  },
];

const UNKNOWN_CAUSE: NetworkCause = {
  outcome: 'reset',
  fits: () => true,
  explain: ({ authority, code }) => `The connection to ${authority} failed (${code}).`,
  brief: (code) => (code === UNKNOWN_CODE ? 'the connection failed' : code),
};

const UNKNOWN_CODE = 'unknown';
const CODES_MAX = 8;

/** The plain facts of a transport error of Node: codes of the whole cause chain, nested errors included. */
export function networkFacts(
  error: unknown,
  seen: Pick<NetworkFacts, 'authority' | 'isTls' | 'isConnected'>,
): NetworkFacts {
  const codes: string[] = [];
  collectCodes(error, codes);
  const proxyProblem = proxyProblemOf(error);
  return {
    kind: 'network',
    codes,
    ...seen,
    ...(sawTlsRecord(error) && { sawTlsRecord: true }),
    ...(proxyProblem !== undefined && { proxyProblem }),
  };
}

/** The outcome of a network error, and one sentence for a report. */
export function classifyNetwork(facts: NetworkFacts): {
  readonly outcome: ProbeFailure;
  readonly detail: string;
} {
  const { outcome, explain } = causeOf(facts);
  return { outcome, detail: explain({ ...facts, code: codeOf(facts) }, facts) };
}

/** The cause in a few words, without an address. */
export function describeNetwork(facts: NetworkFacts): string {
  return causeOf(facts).brief(codeOf(facts), facts);
}

/** The same for an error of which nothing else is known. */
export function describeNetworkError(error: unknown): string {
  return describeNetwork(networkFacts(error, { authority: '', isTls: true, isConnected: false }));
}

function causeOf(facts: NetworkFacts): NetworkCause {
  return CAUSES.find(({ fits }) => fits(facts)) ?? UNKNOWN_CAUSE;
}

function codeOf({ codes }: NetworkFacts): string {
  return codes.at(-1) ?? UNKNOWN_CODE;
}

function hasCode(...wanted: readonly string[]): NetworkCause['fits'] {
  const known = new Set(wanted);
  return ({ codes }) => codes.some((code) => known.has(code));
}

function tlsReason({ codes, isTls }: NetworkFacts): string | undefined {
  if (!isTls) return undefined;
  for (const code of codes) {
    const reason = CERTIFICATE_REASONS[code];
    if (reason !== undefined) return `${reason} (${code})`;
  }
  const code = codes.find(
    (each) => /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|EPROTO$)/.test(each) || each.includes('CERT'),
  );
  return code !== undefined && NO_TLS_CODES.has(code)
    ? `the port does not seem to speak TLS (${code})`
    : code;
}

const NO_TLS_CODES = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'EPROTO',
]);

function collectCodes(error: unknown, codes: string[]): void {
  if (!(error instanceof Error) || codes.length >= CODES_MAX) return;
  if ('code' in error && typeof error.code === 'string') codes.push(error.code);
  // All addresses of a name failed: the last one stands for all.
  if (error instanceof AggregateError) collectCodes(error.errors.at(-1), codes);
  collectCodes(error.cause, codes);
}

function proxyProblemOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error instanceof ProxyFailure ? error.problem : proxyProblemOf(error.cause);
}

/** A TLS alert or handshake record where HTTP was expected: content type 21 or 22, major version 3. */
function sawTlsRecord(error: unknown): boolean {
  if (
    !(error instanceof Error) ||
    !('rawPacket' in error) ||
    !(error.rawPacket instanceof Uint8Array)
  )
    return false;
  const [contentType, majorVersion] = error.rawPacket;
  return (contentType === 21 || contentType === 22) && majorVersion === 3;
}
