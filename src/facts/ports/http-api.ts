/** An answer of an HTTP API, whatever its status. */
export interface HttpApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** The HTTP API of another program, such as Alertmanager; it knows address, credentials and certificates. */
export interface HttpApi {
  /**
   * @param path below the configured URL, with its query
   * @param body sent as JSON
   * Rejects if no answer comes within ten seconds.
   */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<HttpApiAnswer>;
}
