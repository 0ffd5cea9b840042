/**
 * Header that the exporter adds to its requests: checks, `/probe`, what the gateway forwards, authorization servers that a
 * server names. Its value is chosen at random for each process, so that other exporters may still be monitored.
 */
export const INSTANCE_HEADER = 'mcp-exporter-instance';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Whether a request comes from this process itself. A header works over every address, name, tunnel and port mapping; only
 * we send it, and a client that copies it gets less, not more.
 */
export function isOwnRequest(headers: Headers, instance: string | undefined): boolean {
  return instance !== undefined && headers[INSTANCE_HEADER] === instance;
}

/**
 * Whether a browser says that a page of another site made the request (Fetch Metadata, §2.3). It says so for requests without
 * `Origin` too, such as those for images.
 */
export function isCrossSite(headers: Headers): boolean {
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/** Headers that proxies and content delivery networks add; clients of their own send none of them. */
const FORWARDING_HEADER =
  /^(?:forwarded|via|cdn-loop|client-ip|true-client-ip|x-(?:forwarded|original|real|client|cluster|envoy|amzn|nginx|proxyuser)(?:-.+)?|(?:cf|fastly|akamai)-.+)$/;

/** Whether a request came through a proxy, as far as it shows: those that add no header speak HTTP/1.0 by default (nginx). */
export function isForwarded(request: {
  readonly httpVersion: string;
  readonly headers: Headers;
}): boolean {
  return (
    request.httpVersion === '1.0' ||
    Object.keys(request.headers).some((name) => FORWARDING_HEADER.test(name))
  );
}
