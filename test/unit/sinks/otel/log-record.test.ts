import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { toLogRecord } from '../../../../src/sinks/otel/log-record.ts';
import { createCallLines } from '../../../../src/sinks/log/call-lines.ts';
import { buildCall } from '../../../fakes/build-call.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 9, 15);

function lineOf(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    level: 'info',
    time: '2026-11-21T09:15:00.000Z',
    msg: 'said',
    ...fields,
  });
}

test('a line of the service keeps message, time, severity and fields, in the words of the metrics', () => {
  const line = lineOf({
    level: 'warn',
    type: 'health',
    server: 'files',
    error_type: 'timeout',
    duration_ms: 12.5,
    suspected: true,
    servers: ['a', 'b'],
    absent: null,
    nested: { a: [1] },
    method: 'POST',
  });

  expect(toLogRecord(line)).toEqual({
    body: 'said',
    timestamp: NOW_MS,
    severityNumber: 13,
    severityText: 'WARN',
    attributes: {
      channel: 'health',
      server: 'files',
      error_type: 'timeout',
      duration_ms: 12.5,
      suspected: true,
      servers: ['a', 'b'],
      nested: '{"a":[1]}',
      method: 'POST',
    },
  });
});

test.each([
  ['trace', 1],
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['error', 17],
  ['fatal', 21],
])('the level %s is the severity %d of the specification', (level, severityNumber) => {
  expect(toLogRecord(lineOf({ level }))).toMatchObject({
    severityNumber,
    severityText: level.toUpperCase(),
  });
});

test('a failed call is linked to its span, and its error is the detail', () => {
  const call = buildCall({
    outcome: 'tool_error',
    errorType: 'tool_error',
    errorMessage: 'disk is gone',
    errorStack: 'Error: disk is gone\n    at read',
  });

  const record = toLogRecord(createCallLines(() => '').error(call, NOW_MS));

  expect(record?.attributes).toMatchObject({
    channel: 'error',
    server: 'files',
    operation: 'tools/call',
    tool: 'read_file',
    outcome: 'tool_error',
    error_type: 'tool_error',
    detail: 'disk is gone',
    stack: 'Error: disk is gone\n    at read',
  });
  expect(record?.attributes).not.toHaveProperty('trace_id');
  expect(record?.attributes).not.toHaveProperty('type');
  expect(record?.context && trace.getSpanContext(record.context)).toMatchObject({
    traceId: call.trace.traceId,
    spanId: call.trace.spanId,
  });
});

test('details of an audit line are attributes', () => {
  const call = buildCall({ argumentsText: '{"path":"/a"}' });
  const { attributes } = toLogRecord(createCallLines(() => '').audit(call, NOW_MS)) ?? {};
  expect(attributes).toMatchObject({ action: 'tools/call', arguments: '{"path":"/a"}' });
  expect(attributes).not.toHaveProperty('details');
});

test('labels of a server are attributes of their own, named as a JSON parser names them', () => {
  const record = toLogRecord(lineOf({ server: 'files', labels: { team: 'search' } }));
  expect(record?.attributes).toEqual({ server: 'files', labels_team: 'search' });
});

test.each([
  [
    { type: 'TypeError', message: 'no', stack: 'TypeError: no\n    at x' },
    {
      'exception.type': 'TypeError',
      'exception.message': 'no',
      'exception.stacktrace': 'TypeError: no\n    at x',
    },
  ],
  ['just words', { 'exception.message': 'just words' }],
  [null, {}],
])('what was thrown has the names of the conventions: %j', (err, attributes) => {
  expect(toLogRecord(lineOf({ err }))?.attributes).toEqual(attributes);
});

test.each(['', 'no JSON', '[1]', '"text"'])('%j is no line, and no record', (line) => {
  expect(toLogRecord(line)).toBeUndefined();
});
