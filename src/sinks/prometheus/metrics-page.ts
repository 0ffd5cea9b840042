/** A rendered page, ready to be sent. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}
