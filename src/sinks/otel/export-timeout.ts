/** How long one export may take; afterwards it counts as failed. */
export const EXPORT_TIMEOUT_MS = 5_000;
