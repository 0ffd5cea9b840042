import type { ServerView } from '../../facts/ports/server-view.ts';

/** One target group of Prometheus' HTTP service discovery. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Every server that is checked, as a target for `/probe`; disabled ones are left out. Label values are strings by contract. */
export function discoveredTargets(views: readonly ServerView[]): readonly TargetGroup[] {
  return views
    .filter((view) => view.status !== 'disabled')
    .map((view) => ({
      targets: [view.name],
      labels: {
        __meta_mcp_server: view.name,
        __meta_mcp_transport: view.transport,
        __meta_mcp_endpoint: view.endpoint,
        ...Object.fromEntries(
          Object.entries(view.labels).map(([name, value]) => [`__meta_mcp_label_${name}`, value]),
        ),
        ...(view.identity && {
          __meta_mcp_era: view.identity.era,
          __meta_mcp_protocol_version: view.identity.protocolVersion,
          __meta_mcp_implementation: view.identity.implementation,
        }),
      },
    }));
}
