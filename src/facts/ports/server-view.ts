import type { CapabilitySnapshot } from '../capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../check-report.ts';
import type { SettingView } from '../rules/describe-settings.ts';
import type { Status } from '../rules/health.ts';
import type { StatusReason } from '../rules/status-reason.ts';
import type { Transport } from '../server.ts';
import type { EpochMs } from '../time.ts';

/** One server as `/`, `/servers/NAME`, `/health` and `/api` show it. Plain data, no secrets. */
export interface ServerView {
  readonly name: string;
  readonly endpoint: string;
  readonly transport: Transport;
  readonly source: string;
  /** Of the configuration, see `ServerSpec`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly status: Status;
  /** Whether its certificate is verified (`tls.insecureSkipVerify`); absent without TLS. */
  readonly isTlsVerified?: boolean;
  /** Why it has its status, for a person. */
  readonly reason: string;
  /** The same as a code; absent where nobody reads it. */
  readonly reasonCode?: StatusReason;
  /** When the status began, Unix epoch milliseconds. */
  readonly statusSinceMs: EpochMs;
  /** One-minute mean of steady checks; absent while it is not known, see `currentResponseMs`. */
  readonly responseTimeMs?: number;
  /** The last one that was known, and when; the same as `responseTimeMs` while that is present. */
  readonly lastResponse?: { readonly timeMs: number; readonly atMs: EpochMs };
  /** Of real calls in the window of the configuration, since it last went Offline or came back; absent without any. */
  readonly errorRate?: {
    readonly ratio: number;
    readonly requests: number;
    readonly windowMs: number;
  };
  /** How checks and real calls contradict each other, for a person; absent while they do not. */
  readonly disagreement?: string;
  readonly lastCheckAtMs?: EpochMs;
  readonly nextCheckAtMs?: EpochMs;
  readonly consecutiveFailures: number;
  readonly checks: number;
  readonly failures: number;
  /** Share of the time since it was added in which it was not Offline, 0..1; disabled and unknown time left out; absent until known. */
  readonly uptimeRatio?: number;
  readonly identity?: ServerIdentity;
  readonly snapshot?: CapabilitySnapshot;
  readonly lastReport?: CheckReport;
  readonly lastDeepReport?: CheckReport;
  readonly intervalMs: number;
}

/** A view with its histories, newest first. Failed checks outlive successful ones. */
export interface ServerDetail extends ServerView {
  /** The configuration in force. */
  readonly settings: readonly SettingView[];
  readonly recentChecks: readonly CheckReport[];
  readonly recentFailures: readonly CheckReport[];
  readonly statusChanges: readonly {
    readonly atMs: EpochMs;
    readonly from: Status;
    readonly to: Status;
    readonly reason: string;
  }[];
}
