import type { Request, RequestHandler, Response } from 'express';
import type { Assets } from './assets.ts';
import type { ChangeAccess } from './change-access.ts';
import type { CheckAllOnRequest } from './check-all.ts';
import type { CheckOnRequest } from './check-on-request.ts';
import type { Documents } from './documents.ts';
import type { EventStream } from './event-stream.ts';
import type { MaintenanceOnRequest } from './maintenance-on-request.ts';
import type { Page } from './pages/layout.ts';
import type { HttpAppDeps } from './ports.ts';
import type { TrafficByServer } from './server-traffic.ts';
import type { ServerUptimes } from './server-uptimes.ts';
import type { SummaryReader } from './summary-reader.ts';
import type { SwitchOnRequest } from './switch-on-request.ts';

/** What the routes share: what the service hands in, and what the app builds from it once. */
export interface WebContext extends HttpAppDeps {
  readonly assets: Assets;
  readonly documents: Documents;
  readonly events: EventStream;
  /** In front of whatever changes something. */
  readonly requireAdmin: RequestHandler;
  /** Whether the one who requests a page may change something, and how. */
  changeAccessOf(request: Request): ChangeAccess;
  readonly requireAlertSender: RequestHandler;
  readonly requireMarkerSender: RequestHandler;
  readonly checkOnRequest: CheckOnRequest;
  readonly checkAllOnRequest: CheckAllOnRequest;
  readonly switchOnRequest: SwitchOnRequest;
  readonly maintenanceOnRequest: MaintenanceOnRequest;
  /** Who made a request, for the journal. */
  callerOf(request: Request): string;
  readonly uptimes: ServerUptimes;
  readonly summaries: SummaryReader;
  /** May be some seconds old. */
  readTraffic(): Promise<TrafficByServer>;
  render(page: Page): string;
  sendPage(response: Response, page: Page): void;
  uptimeMs(): number;
}
