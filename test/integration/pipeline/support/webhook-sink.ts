import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What Alertmanager posts, version 4. */
interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
    readonly endsAt: string;
  }[];
}

export interface ReceivedNotification extends Notification {
  /** As `performance.now()` counts. */
  readonly atMs: number;
}

interface WebhookSink {
  readonly url: string;
  readonly notifications: readonly ReceivedNotification[];
  close(): Promise<void>;
}

export async function startWebhookSink(): Promise<WebhookSink> {
  const notifications: ReceivedNotification[] = [];
  const server = createServer((request, response) => {
    json(request)
      .then((body) => {
        notifications.push({ ...(body as Notification), atMs: performance.now() });
        response.end();
      })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    notifications,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
