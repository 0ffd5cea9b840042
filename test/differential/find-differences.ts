import { CLIENTS, type Row } from './try-server.ts';

/** Where the prober, or a client through the gateway, ends otherwise than a client that connects directly. */
export interface Difference {
  readonly server: string;
  readonly column: 'prober' | 'gateway';
  readonly what: string;
}

/**
 * What an official client can use is Healthy. If none can, the status is another one and its reason says why. The gateway
 * changes nothing for any client. The prober leaves no session behind.
 */
export function findDifferences(row: Row): readonly Difference[] {
  const server = row.odd.name;
  return [
    ...proberFaults(row).map((what) => ({ server, column: 'prober' as const, what })),
    ...gatewayFaults(row).map((what) => ({ server, column: 'gateway' as const, what })),
  ];
}

function proberFaults({ odd, direct, prober, sessionsLeft }: Row): readonly string[] {
  const usedBy = CLIENTS.filter((name) => direct[name].outcome === 'lists');
  const last = prober.statuses.at(-1) ?? 'unknown';
  const worse = prober.statuses.filter((status) => status !== 'healthy');
  const faults: string[] = [];
  if (usedBy.length > 0 && (worse.length > 0 || last === 'unknown'))
    faults.push(`${usedBy.join(', ')} can list its tools; prober: ${last}: ${prober.reason}`);
  if (usedBy.length === 0 && worse.length === 0)
    faults.push(`no official client can list its tools; prober: ${last}`);
  if (usedBy.length === 0 && worse.length > 0) {
    if (odd.reason === undefined) faults.push('no official client can use it; it needs a reason');
    else if (!prober.reason.includes(odd.reason))
      faults.push(`the reason lacks "${odd.reason}": ${prober.reason}`);
  }
  if (sessionsLeft > 0) faults.push(`${sessionsLeft} sessions are left`);
  return faults;
}

function gatewayFaults({ direct, gateway }: Row): readonly string[] {
  return CLIENTS.flatMap((name) => {
    const [there, here] = [direct[name].outcome === 'lists', gateway[name].outcome === 'lists'];
    if (there === here) return [];
    return here
      ? [`${name} lists through the gateway only`]
      : [`${name} lists directly only: ${gateway[name].outcome} ${gateway[name].detail}`];
  });
}
