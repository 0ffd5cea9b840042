import type { Secret } from '../../facts/secret.ts';

export interface LogShippingConfig {
  /** URL of OTLP over HTTP (protobuf); one without a path gets `/v1/logs`. */
  readonly endpoint: string;
  /** Sent with each export. */
  readonly headers?: Readonly<Record<string, Secret>>;
  /** `service.name`. */
  readonly serviceName: string;
}
