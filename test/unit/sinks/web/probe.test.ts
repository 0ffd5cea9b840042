import { expect, test } from 'vitest';
import { probeDeadlineMs } from '../../../../src/sinks/web/probe-deadline.ts';
import { formatProbeTrace } from '../../../../src/sinks/web/probe-trace.ts';
import type { ProbeRequest } from '../../../../src/sinks/web/ports.ts';
import { buildDetail, buildReport, fakeHttpDeps } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

const METRICS_PAGE = { contentType: 'text/plain; version=0.0.4', body: 'mcp_probe_success 0\n' };

test('a probe answers with the metrics page of that one check', async () => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const app = await serveApp(fake.deps);
  const answer = await app.call('/probe?target=files');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toContain('version=0.0.4');
  expect(answer.body).toBe('mcp_probe_success 1\n');
  expect(fake.probed).toMatchObject([
    { target: { kind: 'name', name: 'files' }, module: 'handshake' },
  ]);
});

test('debug=true prints steps, measurements and the page instead', async () => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const app = await serveApp(fake.deps);
  const answer = await app.call('/probe?target=files&module=full&debug=true');
  expect(answer.headers['content-type']).toContain('text/plain');
  expect(answer.body).toContain('Probe of files, module full, timeout 10.0 s');
  expect(answer.body).toMatch(/ok {3}ping +11 ms {2}Answered with an empty result/);
  expect(answer.body).toContain('phases: connect 1.2 ms, handshake 11 ms');
  expect(answer.body).toContain('mcp_probe_success 1');
});

test('a line break in what a server says cannot forge a line of the trace', () => {
  const report = buildReport({ outcome: 'rpc_error', detail: 'bad\n  ok   initialize' });
  const trace = formatProbeTrace({
    target: 'x',
    module: 'handshake',
    deadlineMs: 1_000,
    answer: { reports: [report], metricsPage: METRICS_PAGE },
  });
  expect(trace).toContain('  bad   ok   initialize\n');
});

test.each([
  ['no target', '/probe', 400, 'Configured: files.'],
  ['an empty target', '/probe?target=', 400, 'Configured: files.'],
  ['an unknown name', '/probe?target=flies', 404, 'Configured: files.'],
  ['an unknown module', '/probe?target=files&module=http_2xx', 400, 'allowed: handshake, full'],
  ['two targets', '/probe?target=files&target=b', 400, 'once'],
  ['a URL without leave', '/probe?target=http://a.example/mcp', 403, 'probe.allowUrlTargets'],
])('a probe of %s is refused and says what is possible', async (_case, path, status, text) => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const app = await serveApp(fake.deps);
  const answer = await app.call(path);
  expect(answer.status).toBe(status);
  expect((JSON.parse(answer.body) as { detail: string }).detail).toContain(text);
  expect(fake.probed).toEqual([]);
});

test.each([
  ['https://a.example/mcp', 200],
  ['http://127.0.0.1:9/mcp', 200],
  ['stdio://rm', 400],
  ['file:///etc/passwd', 400],
  ['http://user:pass@a.example/', 400],
  ['http://', 400],
])('with leave for URLs, a probe of %s answers %i', async (target, status) => {
  const { deps, probed } = fakeHttpDeps([]);
  const app = await serveApp({ ...deps, probe: { ...deps.probe, allowsUrlTargets: () => true } });
  const answer = await app.call(`/probe?target=${encodeURIComponent(target)}`);
  expect(answer.status).toBe(status);
  expect(probed.map((request) => request.target)).toEqual(
    status === 200 ? [{ kind: 'url', url: target }] : [],
  );
});

/** A probe that ends only when told to, as a hung server's does. */
function hungProbe(onAbort: 'answers' | 'hangs') {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const requests: ProbeRequest[] = [];
  const deps = {
    ...fake.deps,
    probe: {
      ...fake.deps.probe,
      probeOnce(request: ProbeRequest) {
        requests.push(request);
        const { promise, resolve } = Promise.withResolvers<{
          reports: [];
          metricsPage: typeof METRICS_PAGE;
        }>();
        request.signal.addEventListener('abort', () => {
          if (onAbort === 'answers') resolve({ reports: [], metricsPage: METRICS_PAGE });
        });
        return promise;
      },
    },
  };
  return { ...fake, deps, requests };
}

test('a probe is aborted half a second before Prometheus gives up, and its answer still arrives', async () => {
  const fake = hungProbe('answers');
  const app = await serveApp(fake.deps);
  const answer = app.call('/probe?target=files', {
    headers: { 'x-prometheus-scrape-timeout-seconds': '3' },
  });
  await expect.poll(() => fake.requests.length).toBe(1);
  await fake.clock.advance(2_499);
  expect(fake.requests[0]?.signal.aborted).toBe(false);
  await fake.clock.advance(1);
  expect(fake.requests[0]?.signal.aborted).toBe(true);
  expect((await answer).body).toBe('mcp_probe_success 0\n');
  expect(fake.clock.pendingCount()).toBe(0);
});

test('a probe that does not end after its abort is answered with 504 and leaves no timer', async () => {
  const fake = hungProbe('hangs');
  const app = await serveApp(fake.deps);
  const answer = app.call('/probe?target=files', {
    headers: { 'x-prometheus-scrape-timeout-seconds': '3' },
  });
  await expect.poll(() => fake.requests.length).toBe(1);
  await fake.clock.advance(2_800);
  expect((await answer).status).toBe(504);
  expect(fake.clock.pendingCount()).toBe(0);
});

test('a probe is aborted when its asker goes away', async () => {
  const fake = hungProbe('answers');
  const app = await serveApp(fake.deps);
  const abort = new AbortController();
  const answer = fetch(`${app.url}/probe?target=files`, { signal: abort.signal }).catch(
    () => 'gone',
  );
  await expect.poll(() => fake.requests.length).toBe(1);
  abort.abort();
  expect(await answer).toBe('gone');
  await expect.poll(() => fake.requests[0]?.signal.aborted).toBe(true);
  await expect.poll(() => fake.clock.pendingCount()).toBe(0);
});

test('more probes than the bound are refused with 503, and let in again when one has ended', async () => {
  const fake = hungProbe('answers');
  const app = await serveApp(fake.deps);
  const running = Array.from({ length: 50 }, () => app.call('/probe?target=files'));
  await expect.poll(() => fake.requests.length).toBe(50);
  const refused = await app.call('/probe?target=files');
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  await fake.clock.advance(10_000);
  await Promise.all(running);
  const again = app.call('/probe?target=files');
  await expect.poll(() => fake.requests.length).toBe(51);
  await fake.clock.advance(10_000);
  expect((await again).status).toBe(200);
});

test.each([
  ['the scrape timeout less half a second', '10', 30_000, 9_500],
  ['the own timeout where it is shorter', '10', 5_000, 5_000],
  ['the own timeout without the header', undefined, 5_000, 5_000],
  ['the own timeout for a header that is no number', 'soon', 5_000, 5_000],
  ['the own timeout for a negative header', '-1', 5_000, 5_000],
  ['half of a very short scrape timeout', '0.4', 5_000, 200],
  ['the own timeout for an endless one', 'Infinity', 5_000, 5_000],
])('the deadline of a probe is %s', (_case, header, ownTimeoutMs, expected) => {
  expect(probeDeadlineMs(header, ownTimeoutMs)).toBe(expected);
});
