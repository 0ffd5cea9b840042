import type { Request, Response } from 'express';
import { describeDisabling } from '../../../facts/disabling.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { discoveredTargets } from '../discovery.ts';
import { refuseForeignPages } from '../guard.ts';
import { HttpProblem } from '../http-problem.ts';
import {
  type HttpAppDeps,
  PROBE_MODULES,
  type ProbeAnswer,
  type ProbeModule,
  type ProbeTarget,
} from '../ports.ts';
import { probeDeadlineMs } from '../probe-deadline.ts';
import { formatProbeTrace } from '../probe-trace.ts';
import { queryText } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import type { Operation } from '../api/operation.ts';
import { choice, text } from '../api/parameters.ts';
import { get, type Route } from './route.ts';

const PROBE = {
  summary: 'Checks one server now and answers with its metrics',
  access: 'read',
  query: {
    target: {
      ...text('Name of the server, or a URL where probe.allowUrlTargets is set.'),
      isRequired: true,
    },
    module: choice(
      PROBE_MODULES,
      'handshake (default), or full: lists and the synthetic call as well.',
    ),
    debug: choice(['true', '1', 'false', '0'], 'Every step as text instead.'),
  },
  answer: { types: ['text/plain', 'application/openmetrics-text'] },
} as const satisfies Operation;

const DISCOVER: Operation = {
  summary: 'The servers, for HTTP service discovery of Prometheus',
  access: 'read',
  answer: { schema: 'TargetGroups' },
};

/** Concurrent probes; each is a connection or a child process of its own. */
const PROBES_MAX = 50;
/** Time that a probe may take beyond its deadline to close and report. */
const LATE_MS = 300;
const NAMES_SHOWN_MAX = 20;

/** `/probe`, for those who want Prometheus to own the schedule, and the service discovery for it. */
export function probeRoutes(context: WebContext): readonly Route[] {
  let running = 0;
  return [
    get('/probe', PROBE, refuseForeignPages, async (request, response) => {
      const probe = readProbe(context, request);
      if (running >= PROBES_MAX) {
        throw new HttpProblem(
          503,
          `${PROBES_MAX} probes are running already; try again in a moment.`,
          { 'Retry-After': '1' },
        );
      }
      const answer = await probeWithin(context, { request, response, ...probe }, (end) => {
        running += 1;
        // A probe that is late still holds its connection, so it counts until it has ended.
        void end.then(
          () => (running -= 1),
          () => (running -= 1),
        );
      });
      sendAnswer(request, response, { ...probe, target: targetText(probe.target), answer });
    }),
    get('/sd/servers', DISCOVER, (_request, response) => {
      response.json(discoveredTargets(context.servers.views()));
    }),
  ];
}

function readProbe(context: WebContext, request: Request) {
  const target = readTarget(request, context);
  const module = PROBE.query.module.read(request, 'module') ?? 'handshake';
  const ownTimeoutMs = context.probe.timeoutMs(target);
  if (ownTimeoutMs === undefined) {
    const name = targetText(target);
    throw new HttpProblem(
      404,
      `No server named ${name} is configured. ${configuredNames(context)}`,
    );
  }
  refuseDisabled(target, context);
  const scrapeTimeout = request.get('x-prometheus-scrape-timeout-seconds');
  return { target, module, deadlineMs: probeDeadlineMs(scrapeTimeout, ownTimeoutMs) };
}

/** A server that the configuration disables is not on our schedule, but Prometheus may still probe it. */
function refuseDisabled(target: ProbeTarget, { switches }: HttpAppDeps): void {
  const disabling = target.kind === 'name' ? switches.find(target.name) : undefined;
  if (!disabling || disabling.isAutomatic) return;
  throw new HttpProblem(409, `This server is not checked: ${describeDisabling(disabling)}.`);
}

function targetText(target: ProbeTarget): string {
  return target.kind === 'name' ? target.name : target.url;
}

function readTarget(request: Request, deps: HttpAppDeps): ProbeTarget {
  const text = queryText(request, 'target');
  if (text === undefined || text === '') {
    throw new HttpProblem(
      400,
      `The parameter target is missing: /probe?target=NAME. ${configuredNames(deps)}`,
    );
  }
  const byName: ProbeTarget = { kind: 'name', name: text };
  if (!text.includes('://') || deps.probe.timeoutMs(byName) !== undefined) return byName;
  if (!deps.probe.allowsUrlTargets()) {
    throw new HttpProblem(
      403,
      'Only configured servers can be probed. To probe URLs, set probe.allowUrlTargets: true.',
    );
  }
  const url = URL.parse(text);
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new HttpProblem(
      400,
      'A target that is a URL must be http or https and must not contain a user name or password.',
    );
  }
  return { kind: 'url', url: url.href };
}

function configuredNames(deps: HttpAppDeps): string {
  const names = deps.servers.views().map((view) => view.name);
  if (names.length === 0) return 'No server is configured.';
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  const rest = names.length - NAMES_SHOWN_MAX;
  return rest > 0 ? `Configured: ${shown} and ${rest} more.` : `Configured: ${shown}.`;
}

interface TimedProbe {
  readonly request: Request;
  readonly response: Response;
  readonly target: ProbeTarget;
  readonly module: ProbeModule;
  readonly deadlineMs: number;
}

/** Aborts the probe at the deadline, or when the caller disconnects. Throws 504 if it does not end soon after. */
async function probeWithin(
  deps: HttpAppDeps,
  probe: TimedProbe,
  onStart: (end: Promise<ProbeAnswer>) => void,
): Promise<ProbeAnswer> {
  const { request, response, target, module, deadlineMs } = probe;
  const abort = new AbortController();
  const onClose = (): void => abort.abort();
  const deadline = deps.clock.after(deadlineMs, () => abort.abort());
  const late = lateAfter(deps.clock, deadlineMs + LATE_MS);
  response.once('close', onClose);
  const accept = request.headers.accept;
  try {
    const answer = deps.probe.probeOnce({ target, module, signal: abort.signal, accept });
    onStart(answer);
    return await Promise.race([answer, late.promise]);
  } finally {
    response.off('close', onClose);
    deadline.cancel();
    late.cancel();
  }
}

function lateAfter(clock: Clock, delayMs: number): { promise: Promise<never>; cancel: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = clock.after(delayMs, () =>
    reject(new HttpProblem(504, 'The probe did not finish within the scrape timeout.')),
  );
  return { promise, cancel: () => timer.cancel() };
}

function sendAnswer(
  request: Request,
  response: Response,
  probe: Parameters<typeof formatProbeTrace>[0],
): void {
  if (['true', '1'].includes(PROBE.query.debug.read(request, 'debug') ?? '')) {
    response.type('text/plain').send(formatProbeTrace(probe));
    return;
  }
  const { contentType, body } = probe.answer.metricsPage;
  response.set({ 'Content-Type': contentType, Vary: 'Accept' });
  response.end(body);
}
