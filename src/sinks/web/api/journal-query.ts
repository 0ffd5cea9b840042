import { CALL_OUTCOMES, type CallOutcome } from '../../../facts/call-outcome.ts';
import {
  choices,
  instant,
  journalCursor,
  present,
  type QueryParameters,
  type QueryValues,
  recordId,
  text,
} from './parameters.ts';

/** What all filters of the journal have in common. */
export const ENTRY_QUERY = {
  from: instant('Entries after this time.'),
  to: instant('Entries before this time.'),
  search: text('Part of the texts.'),
  cursor: journalCursor(),
} as const satisfies QueryParameters;

/** `ENTRY_QUERY` in the names of the journal. */
export function entryFilter({
  from: fromMs,
  to: toMs,
  search,
  cursor,
}: QueryValues<typeof ENTRY_QUERY>) {
  return { fromMs, toMs, search, cursor };
}

/** `success` and `error`, as in `result_status`, stand for several outcomes. */
const RESULTS = ['success', 'error'] as const;
const SUCCESSES: readonly CallOutcome[] = ['success', 'input_required'];

export const CALL_STATUSES = [
  ...RESULTS,
  ...CALL_OUTCOMES.filter((outcome) => outcome !== 'success'),
] as const;
type CallStatus = (typeof CALL_STATUSES)[number];

/** Filters of calls, but for the server. */
export const CALL_QUERY = {
  status: choices(CALL_STATUSES, 'How calls ended.'),
  tool: text('Name of the tool or prompt, or URI of the resource.'),
  operation: text('JSON-RPC method, such as tools/call.'),
  user: text('Name of the user.'),
  client: text('Name of the client.'),
  session: text('Id of the session.'),
  trace: text('Id of the trace.'),
  error_group: recordId('Only calls of this group of errors, by its id.'),
  ...ENTRY_QUERY,
} as const satisfies QueryParameters;

/** `CALL_QUERY` in the names of the journal. */
export function callFilter(query: QueryValues<typeof CALL_QUERY>, server: string | undefined) {
  const { tool: target, trace: traceId, error_group: errorGroupId } = query;
  const { operation, user, client, session } = query;
  return present({
    ...{ server, target, traceId, errorGroupId, operation, user, client, session },
    outcomes: outcomesOf(query.status),
    ...entryFilter(query),
  });
}

function outcomesOf(statuses: readonly CallStatus[]): readonly CallOutcome[] | undefined {
  if (statuses.length === 0) return undefined;
  return statuses.flatMap((status): readonly CallOutcome[] => {
    if (status === 'success') return SUCCESSES;
    if (status !== 'error') return [status];
    return CALL_OUTCOMES.filter((outcome) => !SUCCESSES.includes(outcome));
  });
}
