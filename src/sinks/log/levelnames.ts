/**
 * Field `levelname` of errors: the level as Python's `logging` names it, which searches of others look for
 * (`grep "ERROR" mcp.log`). Failed calls have it too, although their level is `warn`, since the exporter itself goes on.
 */
export const LEVELNAMES = { error: 'ERROR', fatal: 'CRITICAL' } as const;
