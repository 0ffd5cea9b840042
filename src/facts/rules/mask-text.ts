import { redact, type Secret } from '../secret.ts';

const MASK = '***';
/** Nothing shows more of a text that came from outside, and it may be megabytes long. */
const CHARS_MAX = 64 * 1024;
/** Of a secret that a text was cut in: fewer characters give nothing away. */
const PART_CHARS_MIN = 6;

/** Names of values that are credentials. Not `tokens`, which are counted. */
const NAME =
  '(?:passw(?:or)?d|passphrase|pwd|secret|token(?!s)|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie|signature)';
const NAMED = String.raw`(?<![\w-])[\w.-]{0,40}${NAME}[\w.-]{0,40}`;

/**
 * What looks like a credential though no configuration has it, with what stays in front of it. Quantifiers are bounded or
 * followed by what they cannot match, so that each expression takes linear time.
 */
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g, MASK],
  // A header, whatever its scheme.
  [
    /\b((?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?)(?:[a-z]{1,20}\s{1,4})?[^\s"',;]+/gi,
    `$1${MASK}`,
  ],
  // A scheme and its token, but not `Bearer realm="…"` and not `Bearer authentication`.
  [
    /\b((?:bearer|basic)\s{1,4})(?![\w-]{1,40}\s?="?)(?=[\w.~+/-]{0,200}[\d=~+/])[\w.~+/=-]{8,}/gi,
    `$1${MASK}`,
  ],
  // `--token=…`, `--api-key …`, `-p …`
  [
    new RegExp(
      String.raw`(?<![\w-])(--?[\w-]{0,40}${NAME}[\w-]{0,40}\s{1,4})(?!-)["']?[^\s"']+`,
      'gi',
    ),
    `$1${MASK}`,
  ],
  [/(?<![\w-])(-p\s{1,4})(?!\d{1,5}(?!\S))(?![./~-])[^\s"']{4,}/g, `$1${MASK}`],
  // `API_KEY=…`, `?access_token=…`, `"password": "…"`, and `token: …` if it has digits and letters.
  [new RegExp(String.raw`(${NAMED}["']?\s{0,4}=\s{0,4}["']?)[^\s"',;&]+`, 'gi'), `$1${MASK}`],
  [new RegExp(String.raw`(${NAMED}\\?["']\s{0,4}:\s{0,4}\\?["'])[^"'\\]+`, 'gi'), `$1${MASK}`],
  [
    new RegExp(
      String.raw`(${NAMED}\s{0,4}:\s{0,4})(?=[\w.~+=-]{0,200}[a-z])(?=[\w.~+=-]{0,200}\d)[\w.~+=-]{12,}(?![\w/:.])`,
      'gi',
    ),
    `$1${MASK}`,
  ],
  // User and password of a URL.
  [/\b([a-z][a-z\d+.-]{1,20}:\/\/)[^\s/@"']{1,512}@/gi, `$1${MASK}@`],
  // Tokens that are known by their form: JWT, and those of GitHub, GitLab, Slack, AWS, Google, OpenAI, Anthropic, Stripe.
  [
    /\b(?:eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AKIA[A-Z\d]{16}|AIza[\w-]{30,}|[spr]k[-_](?=[\w-]{0,200}\d)[\w-]{16,})/g,
    MASK,
  ],
];

/**
 * A text that a server, its child or an authorization server wrote, fit to be kept and shown: without the secrets that the
 * configuration has, and without what looks like a credential. What is longer than 64 Ki characters is cut.
 *
 * @param secrets of the server that the text is about, the longest first
 */
export function maskText(text: string, secrets: readonly Secret[]): string {
  let masked = maskCutSecret(redact(text.slice(0, CHARS_MAX), secrets), secrets);
  for (const [pattern, replacement] of PATTERNS) masked = masked.replace(pattern, replacement);
  return masked;
}

/** A text that was shortened before it came here may end in the first half of a secret. */
function maskCutSecret(text: string, secrets: readonly Secret[]): string {
  const end = text.endsWith('…') ? text.length - 1 : text.length;
  for (const secret of secrets) {
    const value = secret.reveal();
    for (let chars = Math.min(value.length - 1, end); chars >= PART_CHARS_MIN; chars -= 1)
      if (text.endsWith(value.slice(0, chars), end))
        return `${text.slice(0, end - chars)}${MASK}${text.slice(end)}`;
  }
  return text;
}

/** The same for every text in plain data, however deep. What holds no text to mask is returned as it is. */
export function maskTexts<T>(value: T, mask: (text: string) => string): T {
  return maskValue(value, mask) as T;
}

function maskValue(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask));
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, maskValue(item, mask)]),
  );
}
