import { expect, test } from 'vitest';
import { negotiateFormat } from '../../../../src/sinks/prometheus/negotiate-format.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

test.each([
  ['nothing', undefined, TEXT],
  ['an empty header', '', TEXT],
  ['curl', '*/*', TEXT],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
  [
    'Prometheus 2.42',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    OPENMETRICS,
  ],
  [
    'Prometheus 3.5',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    `${OPENMETRICS}; escaping=allow-utf-8`,
  ],
  [
    'Prometheus 3 that prefers protobuf',
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    `${OPENMETRICS}; escaping=underscores`,
  ],
  [
    'Prometheus 3 that is told to take text',
    'text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1',
    TEXT,
  ],
  ['text with an escaping', 'text/plain;version=0.0.4;escaping=dots', `${TEXT}; escaping=dots`],
  ['an escaping that nobody knows', 'text/plain;escaping="evil\r\nX: y"', TEXT],
  ['OpenMetrics without version', 'application/openmetrics-text', OPENMETRICS],
  [
    'OpenMetrics in other letters',
    'Application/OpenMetrics-Text; Version="1.0.0"; Q=0.9',
    OPENMETRICS,
  ],
  ['an OpenMetrics version that is not ours', 'application/openmetrics-text;version=0.0.1', TEXT],
  ['OpenMetrics refused', 'application/openmetrics-text;q=0', TEXT],
  ['OpenMetrics below anything', 'application/openmetrics-text;q=0.2,*/*;q=0.5', TEXT],
  ['OpenMetrics above text', 'text/*;q=0.5,application/openmetrics-text;q=0.6', OPENMETRICS],
  ['both alike', 'text/plain,application/openmetrics-text', OPENMETRICS],
  ['any application', 'application/*', TEXT],
  ['neither', 'image/png', TEXT],
  ['a quality that is no number', 'application/openmetrics-text;q=lots', TEXT],
  ['garbage', ';;,=,;q=,"', TEXT],
])('an Accept header of %s gets the right content type', (_name, accept, contentType) => {
  expect(negotiateFormat(accept).contentType).toBe(contentType);
});

test('the format follows the content type', () => {
  expect(negotiateFormat('*/*').format).toBe('text');
  expect(negotiateFormat('application/openmetrics-text').format).toBe('openmetrics');
});
