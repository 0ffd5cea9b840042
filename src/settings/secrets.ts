import { type Node as JsonNode, parseTree } from 'jsonc-parser';
import { isMap, isScalar, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { maskTexts } from '../facts/rules/mask-text.ts';
import { redact, Secret } from '../facts/secret.ts';
import { ServerSchema } from './config-schema.ts';
import { isJson } from './read-source.ts';
import { metaOf, unwrap } from './schema-types.ts';
import { scalarsOf, type SourceNode } from './source-file.ts';

const SECRET_NAME =
  /auth|cookie|token|secret|passw|api-?key|access-?key|^key$|credential|session|signature|^sig$/i;
const SECRET_FLAG =
  /^--?[\w-]*(?:token|secret|passw(?:or)?d|key|auth|credential)[\w-]*(?:=(.*))?$/is;

/** The value of `-p`, unless that is a port or a path. */
const PASSWORD = /^(?!\d{1,5}$)(?![-./~]).{4,}$/s;

/** Whether a header or a query value of this name is a credential. */
export function isCredentialName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll('_', '-'));
}

export interface SecretBag {
  add(...values: readonly string[]): void;
  list(): readonly Secret[];
}

/** All secrets of one server, longest first so that a whole is masked before its parts. */
export function createSecretBag(): SecretBag {
  const values = new Set<string>();
  return {
    add(...more) {
      for (const value of more) if (value !== '') values.add(value);
    },
    list: () =>
      [...values].toSorted((a, b) => b.length - a.length).map((value) => new Secret(value)),
  };
}

/** Contents of variables and files anywhere in a server's entry but in its labels, which are there to be shown. */
export function expandedSecrets(entry: SourceNode | undefined): string[] {
  const found: string[] = [];
  for (const [path, scalar] of scalarsOf(entry)) {
    if (path[0] === 'labels') continue;
    for (const value of scalar.expanded ?? []) {
      if (path[0] !== 'url' || !isAddress(value, String(scalar.value))) found.push(value);
    }
  }
  return found;
}

/** A variable that holds scheme, host or port of a URL is not secret: masking it would hide which server is meant. */
function isAddress(value: string, url: string): boolean {
  if (value.includes('://')) return true;
  const parsed = URL.parse(url);
  return (
    parsed !== null &&
    `${parsed.protocol}//${parsed.host}`.includes(value) &&
    !`${parsed.pathname}${parsed.search}`.includes(value)
  );
}

/** `Bearer abc` is secret as a whole and as `abc`, and so is the password in `Basic dXNlcjpwYXNz`. */
export function headerSecrets(value: string): string[] {
  const [, scheme, credentials] = /^([A-Za-z]+) (\S+)$/.exec(value) ?? [];
  if (scheme === undefined || credentials === undefined) return [value];
  const pair =
    scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : '';
  const [, password = ''] = /^[^:]*:(.+)$/s.exec(pair) ?? [];
  return [value, credentials, ...(password === '' ? [] : [password])];
}

/** User, password and query values, as written and decoded. */
export function urlSecrets(url: URL): string[] {
  const raw = url.search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  const found = [
    url.username,
    url.password,
    decode(url.username),
    decode(url.password),
    ...url.searchParams.values(),
    ...raw,
  ];
  return found.filter((value) => value !== '');
}

/**
 * `--api-key abc`, `--token=abc`, `-p abc`: values of arguments that are named like a credential, and those in a URL or a header
 * among the arguments.
 */
export function argumentSecrets(args: readonly string[]): string[] {
  return args.flatMap((argument, index) => {
    const inside = secretsInside(argument.replace(/^--?[\w-]+=/, ''));
    if (inside.length > 0) return inside;
    const next = args[index + 1] ?? '';
    if (argument === '-p') return PASSWORD.test(next) ? [next] : [];
    const match = SECRET_FLAG.exec(argument);
    const value =
      match?.[1] ?? (match && !args[index + 1]?.startsWith('-') ? args[index + 1] : undefined);
    return value === undefined ? [] : [value];
  });
}

/** `postgres://user:pass@host/db`, `https://host/?key=abc`, `Authorization: Bearer abc` */
function secretsInside(argument: string): string[] {
  const url = argument.includes('://') ? URL.parse(argument) : null;
  if (url !== null) {
    const values = [...url.searchParams].filter(([name]) => isCredentialName(name));
    return [url.password, decode(url.password), ...values.map(([, value]) => value)].filter(
      (value) => value !== '',
    );
  }
  const [, name, value] = /^([\w-]+):\s*(\S.*)$/s.exec(argument) ?? [];
  return name !== undefined && value !== undefined && isCredentialName(name)
    ? headerSecrets(value)
    : [];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Makes an object print (JSON, console, log) with every secret masked in all its texts. The two methods are not
 * enumerable: copies, comparisons and loops see plain data.
 */
export function printMasked<T extends object>(object: T, secrets: readonly Secret[]): T {
  const show = {
    value: () => maskTexts({ ...object }, (text) => redact(text, secrets)),
    enumerable: false,
  };
  return Object.defineProperties(object, {
    toJSON: show,
    [Symbol.for('nodejs.util.inspect.custom')]: show,
  });
}

type Range = readonly [from: number, to: number];

/** The maps of a server's entry that hold secrets: `env` and `headers`. */
const SECRET_BLOCKS = Object.entries(ServerSchema.shape).flatMap(([key, schema]) =>
  unwrap(schema) instanceof z.ZodRecord && metaOf(schema).secret ? [key] : [],
);

/** A file as it may be shown: values of `env` and `headers` and every known secret are masked, lines stay lines. */
export function maskSource(file: string, text: string, secrets: readonly Secret[]): string {
  const ranges = isJson(file, text) ? jsonRanges(text) : yamlRanges(text);
  let masked = text;
  for (const [from, to] of ranges.toSorted((a, b) => b[0] - a[0]))
    masked = `${masked.slice(0, from)}"***"${masked.slice(to)}`;
  return redact(
    masked,
    secrets.flatMap((secret) => [secret, new Secret(escape(secret.reveal()))]),
  );
}

/** The text between the quotes of a JSON string. */
function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function jsonRanges(text: string): Range[] {
  const ranges: Range[] = [];
  const walk = (node: JsonNode, isSecret: boolean): void => {
    if (node.type === 'property') {
      const [key, value] = node.children ?? [];
      if (value) walk(value, isSecret || SECRET_BLOCKS.includes(String(key?.value)));
    } else if (node.children) {
      for (const child of node.children) walk(child, isSecret);
    } else if (isSecret) {
      ranges.push([node.offset, node.offset + node.length]);
    }
  };
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root) walk(root, false);
  return ranges;
}

function yamlRanges(text: string): Range[] {
  const ranges: Range[] = [];
  visit(parseDocument(text, { uniqueKeys: false }), {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || !SECRET_BLOCKS.includes(String(key.value)) || !isMap(value))
        return undefined;
      visit(value, {
        Scalar(place, { range }) {
          if (place !== 'key' && range) ranges.push([range[0], range[1]]);
        },
      });
      return visit.SKIP;
    },
  });
  return ranges;
}
