import { expect, test } from 'vitest';
import {
  assessDiscover,
  type DiscoverAnswer,
  type EraVerdict,
} from '../../../src/protocol/assess-discover.ts';

const discover = (...supportedVersions: unknown[]): DiscoverAnswer => ({
  kind: 'result',
  result: { supportedVersions, capabilities: {} },
});

test.each<readonly [string, DiscoverAnswer, EraVerdict['kind']]>([
  ['a DiscoverResult that lists 2026-07-28', discover('2026-07-28', '2025-11-25'), 'modern'],
  ['a DiscoverResult that does not', discover('2025-11-25'), 'try_initialize'],
  ['a DiscoverResult with other things in its list', discover('2026-07-28', 7), 'try_initialize'],
  [
    'a DiscoverResult without capabilities',
    { kind: 'result', result: { supportedVersions: ['2026-07-28'] } },
    'try_initialize',
  ],
  [
    'an InitializeResult',
    { kind: 'result', result: { protocolVersion: '2025-11-25', capabilities: {} } },
    'try_initialize',
  ],
  ['a result that is no object', { kind: 'result', result: null }, 'try_initialize'],
  ['-32020', { kind: 'error', code: -32020 }, 'modern_refusal'],
  ['-32021', { kind: 'error', code: -32021, httpStatus: 400 }, 'modern_refusal'],
  ['-32022 without data', { kind: 'error', code: -32022 }, 'modern_refusal'],
  [
    '-32022 that offers a later version',
    { kind: 'error', code: -32022, data: { supported: ['2027-01-01'] } },
    'modern_refusal',
  ],
  [
    '-32022 that offers legacy versions',
    { kind: 'error', code: -32022, data: { supported: ['2025-11-25'] } },
    'try_initialize',
  ],
  ['-32601', { kind: 'error', code: -32601 }, 'try_initialize'],
  ['-32000 with status 400', { kind: 'error', code: -32000, httpStatus: 400 }, 'try_initialize'],
  ['code 0', { kind: 'error', code: 0 }, 'try_initialize'],
  ['-32603 with status 500', { kind: 'error', code: -32603, httpStatus: 500 }, 'try_initialize'],
  ['408', { kind: 'http', status: 408 }, 'try_initialize'],
  ['-32001 with status 401', { kind: 'error', code: -32001, httpStatus: 401 }, 'none'],
  ['400', { kind: 'http', status: 400 }, 'try_initialize'],
  ['404', { kind: 'http', status: 404 }, 'try_initialize'],
  ['405', { kind: 'http', status: 405 }, 'try_initialize'],
  ['500', { kind: 'http', status: 500 }, 'try_initialize'],
  ['503', { kind: 'http', status: 503 }, 'try_initialize'],
  ['401', { kind: 'http', status: 401 }, 'none'],
  ['403', { kind: 'http', status: 403 }, 'none'],
  ['429', { kind: 'http', status: 429 }, 'none'],
  ['302', { kind: 'http', status: 302 }, 'none'],
  ['what cannot be read', { kind: 'unreadable' }, 'try_initialize'],
  ['nothing in time', { kind: 'timeout' }, 'try_initialize'],
  ['no connection', { kind: 'unreachable' }, 'none'],
])('%s leads to its verdict', (_, answer, kind) => {
  expect(assessDiscover(answer).kind).toBe(kind);
});

test.each<readonly [string, DiscoverAnswer, boolean]>([
  ['a DiscoverResult without 2026-07-28', discover('2025-11-25'), true],
  ['another result', { kind: 'result', result: {} }, true],
  ['-32601', { kind: 'error', code: -32601 }, true],
  ['-32000 with status 400', { kind: 'error', code: -32000, httpStatus: 400 }, true],
  ['400', { kind: 'http', status: 400 }, true],
  ['404', { kind: 'http', status: 404 }, true],
  ['405', { kind: 'http', status: 405 }, true],
  ['-32603 with status 500', { kind: 'error', code: -32603, httpStatus: 500 }, false],
  ['408', { kind: 'http', status: 408 }, false],
  ['502', { kind: 'http', status: 502 }, false],
  ['503', { kind: 'http', status: 503 }, false],
  ['a status of success without a message', { kind: 'http', status: 204 }, false],
  ['a dropped connection or garbage', { kind: 'unreadable' }, false],
  ['a silence', { kind: 'timeout' }, false],
])('whether %s is an answer of the server', (_, answer, isAnswer) => {
  expect(assessDiscover(answer)).toEqual({ kind: 'try_initialize', isAnswer });
});
