const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Reads an `Authorization` header (RFC 7617); `undefined` if it holds no user and password. */
export function readBasicCredentials(authorization: string | undefined): Credentials | undefined {
  const encoded = BASIC.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [, user = '', password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return password === undefined ? undefined : { user, password };
}
