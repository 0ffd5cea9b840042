import { createSecureContext } from 'node:tls';
import { isIP } from 'node:net';
import type { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import type { RemoteAccess } from '../facts/server.ts';
import { type ReadText, resolvePath } from './files.ts';
import { flag, section, text } from './schema-types.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

/** `tls` of a remote server, in its entry, in its `monitor` and in `defaults`. */
export const TlsSchema = section(
  {
    caFile: text({
      description:
        'PEM file with certificate authorities that are trusted besides those of Node.js, relative to the file that names it.',
      examples: ['./company-ca.pem'],
    }).exactOptional(),
    certFile: text({
      description:
        'PEM file with the certificate that this side presents (mutual TLS), followed by its chain.',
      examples: ['./client.pem'],
    }).exactOptional(),
    keyFile: text({
      description: 'PEM file with the private key of `certFile`.',
      examples: ['./client-key.pem'],
    }).exactOptional(),
    serverName: text({
      description:
        'Name that is asked for (SNI) and that the certificate of the server must have, in place of the host of its URL.',
      examples: ['mcp.example.com'],
    })
      .refine((name) => isIP(name) === 0, { error: 'must be a name, not an IP address (RFC 6066)' })
      .exactOptional(),
    insecureSkipVerify: flag({
      description:
        'Accept any certificate, so that the identity of the server is not verified: for tests only. A warning at startup and on the page of the server, and `tls_verified: false` in the API.',
      default: false,
    }).exactOptional(),
  },
  {
    description:
      'Certificates of https servers, for checks, gateway and bridges alike. Files are read again when they change.',
  },
);

type TlsValues = z.output<typeof TlsSchema>;

/** The settings in effect, and how to report a mistake in the file that they come from. */
export interface TlsInput {
  readonly values: TlsValues;
  readonly directory: string;
  readonly report: TlsReport;
  readonly warn: TlsReport;
}

/** `key` is a key of `tls`. */
export type TlsReport = (key: keyof TlsValues, message: string) => void;

/** Reads the files of `tls`, and reports those that cannot be used. */
export async function completeTls(
  tls: TlsInput | undefined,
  context: { readonly readText: ReadText; readonly home: string | undefined },
): Promise<RemoteAccess> {
  if (tls === undefined) return { tlsSkipVerify: false };
  const { values, report, warn } = tls;
  const read = async (key: 'caFile' | 'certFile' | 'keyFile'): Promise<string | undefined> => {
    const file = values[key];
    if (file === undefined) return undefined;
    const result = await context.readText(resolvePath(file, tls.directory, context.home));
    if (!result.ok) report(key, `the file ${result.reason}`);
    else if (key !== 'keyFile' && !result.text.includes(CERTIFICATE))
      report(key, `the file holds no ${CERTIFICATE}`);
    else return result.text;
    return undefined;
  };
  const [ca, cert, key] = [await read('caFile'), await read('certFile'), await read('keyFile')];
  if (values.certFile !== undefined && values.keyFile === undefined)
    report('certFile', 'needs keyFile, the private key of the certificate');
  if (values.keyFile !== undefined && values.certFile === undefined)
    report('keyFile', 'needs certFile, the certificate of the key');
  const mistake =
    cert !== undefined && key !== undefined ? findPairMistake({ cert, key }) : undefined;
  if (mistake !== undefined) report('certFile', mistake);
  const skipVerify = values.insecureSkipVerify ?? false;
  if (skipVerify) warn('insecureSkipVerify', 'the identity of the server is not verified');
  return {
    tlsSkipVerify: skipVerify,
    ...(ca !== undefined && { tlsCa: ca }),
    ...(cert !== undefined && { tlsCert: cert }),
    ...(key !== undefined && { tlsKey: new Secret(key) }),
    ...(values.serverName !== undefined && { tlsServerName: values.serverName }),
  };
}

/** What OpenSSL says of certificate and key; its messages hold neither. */
export function findPairMistake(pair: {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}): string | undefined {
  try {
    createSecureContext(pair);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    return `certificate and key cannot be used together (${code})`;
  }
}
