import { until } from '../support/until.ts';
import type { Lane } from './lanes.ts';
import { connectPeer, type Message, type Peer } from './peer.ts';
import type { Scenario, Stage } from './scenario.ts';
import type { ServerEntry, Side } from './world.ts';

/** What was observed in a scenario, as plain data. */
export interface Observation {
  /** What the code that uses the client saw. */
  readonly outcome: unknown;
  /** Messages that the client received. */
  readonly received: readonly Message[];
  readonly seen: readonly ServerEntry[];
}

export type Observations = ReadonlyMap<string, Observation>;

/** Of a machine that is busy with other tests. */
const WAIT_MS_MAX = 90_000;

/** Runs all scenarios that are possible, one after the other: most in one session, the last ones in sessions of their own. */
export async function runSide(
  lane: Lane,
  side: Side,
  scenarios: readonly Scenario[],
): Promise<Observations> {
  const possible = scenarios.filter(({ notApplicable }) => notApplicable?.(lane) === undefined);
  const observations = new Map<string, Observation>();
  const peers: Peer[] = [];
  const connect = async (): Promise<Peer> => {
    const peer = await connectPatiently(lane, side);
    peers.push(peer);
    return peer;
  };
  const opening = { seen: 0, received: 0 };
  try {
    const usual = await connect();
    await isOpen(lane, side, 0);
    for (const scenario of possible) {
      const before = (await side.seen()).length;
      const peer = scenario.hasOwnClient ? await connect() : usual;
      if (scenario.hasOwnClient) await isOpen(lane, side, before);
      const start = scenario.isOpening
        ? opening
        : { seen: (await side.seen()).length, received: peer.received.length };
      const stage = createStage({ lane, side, peer, connect, start });
      const outcome = await scenario.run(stage).catch((cause: unknown) => {
        throw new Error(`${lane.key}, ${scenario.name}`, { cause });
      });
      const seen = (await side.seen()).slice(start.seen);
      const others = stage.others.flatMap(({ received }) => received);
      const received = [...peer.received.slice(start.received), ...others];
      observations.set(scenario.name, { outcome, received, seen });
      // Otherwise it would open its streams again in later scenarios.
      if (scenario.hasOwnClient) await closeAll([peer, ...stage.others]);
    }
  } finally {
    await closeAll(peers);
  }
  return observations;
}

/** Some are closed already, by the scenario or by the server. */
async function closeAll(peers: readonly Peer[]): Promise<void> {
  await Promise.all(peers.map((peer) => peer.close().catch(() => undefined)));
}

/** Where a scenario begins in both records. */
interface Start {
  readonly seen: number;
  readonly received: number;
}

/** The last steps of an opening come after the client is connected. */
async function isOpen({ route, era }: Lane, side: Side, from: number): Promise<void> {
  if (era === 'modern') return;
  const hasStream = route.client === 'http' && route.server === 'http';
  await within('the opening', async () => {
    const seen = (await side.seen()).slice(from);
    const isInitialized = seen.some(
      ({ message }) => message?.['method'] === 'notifications/initialized',
    );
    return isInitialized && (!hasStream || seen.some(({ verb }) => verb === 'GET'));
  });
}

/** The command `stdio` waits for two seconds until a busy gateway says that it is one. */
async function connectPatiently({ client, route }: Lane, { address }: Side): Promise<Peer> {
  for (let attempts = route.client === 'stdio' ? 3 : 1; ; attempts -= 1) {
    try {
      return await connectPeer(client, address);
    } catch (error) {
      if (attempts === 1) throw error;
    }
  }
}

interface StageOptions {
  readonly lane: Lane;
  readonly side: Side;
  readonly peer: Peer;
  readonly connect: () => Promise<Peer>;
  readonly start: Start;
}

function createStage({ lane, side, peer, connect, start }: StageOptions) {
  const others: Peer[] = [];
  const stage: Stage & { readonly others: readonly Peer[] } = {
    others,
    peer,
    lane,
    async connect() {
      const other = await connect();
      others.push(other);
      return other;
    },
    serverSees: (isIt) =>
      within('serverSees', async () => (await side.seen()).slice(start.seen).some(isIt)),
    clientSees: (isIt) =>
      within('clientSees', () => peer.received.slice(start.received).some(isIt)),
    forget: () => side.forget(),
  };
  return stage;
}

/** @throws with the name of what did not come, long before the test would give up */
async function within(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  await until(async () => {
    if (performance.now() > deadline) throw new Error(`${what} waited in vain`);
    return look();
  });
}
