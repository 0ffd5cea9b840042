/** The statuses, in the order of `mcp_server_status_code`. Not a scale beyond `offline`. */
export const STATUSES = ['healthy', 'warning', 'critical', 'offline', 'disabled', 'unknown'] as const;
export type Status = (typeof STATUSES)[number];
