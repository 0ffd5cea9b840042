/** A value with its text and color: not everyone can distinguish colors. */
export interface Mapping {
  readonly value: number | 'null';
  readonly text: string;
  readonly color: string;
}

/** Neither good nor bad. */
export const GREY = '#8e8e8e';

/** For a timeline, before anything was recorded. */
export const NOT_RECORDED: Mapping = { value: -9, text: 'Nothing recorded', color: GREY };

/** `mcp_server_status_code`. */
export const STATUS_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'Healthy', color: 'green' },
  { value: 1, text: 'Warning', color: 'yellow' },
  { value: 2, text: 'Critical', color: 'orange' },
  { value: 3, text: 'Offline', color: 'red' },
  { value: 4, text: 'Disabled', color: GREY },
  { value: 5, text: 'Unknown', color: GREY },
];

/** `mcp_server_maintenance` + 10, so that it can be beside the status. */
export const MAINTENANCE_MAPPINGS: readonly Mapping[] = [
  { value: 10, text: 'None', color: GREY },
  { value: 11, text: 'Maintenance', color: 'blue' },
];

/** The same as the status if its last two are below the others. */
export const RANK_MAPPINGS: readonly Mapping[] = [
  ...STATUS_MAPPINGS.slice(0, 4),
  { value: -2, text: 'Disabled', color: GREY },
  { value: -1, text: 'Unknown', color: GREY },
];

/** The other way round: 1 is bad. */
export const TROUBLE_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'No', color: 'green' },
  { value: 1, text: 'Yes', color: 'red' },
];

export const PASS_FAIL_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'Failed', color: 'red' },
  { value: 1, text: 'Passed', color: 'green' },
];

/** What to do about capacity. */
export const ADVICE_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'Oversized', color: 'blue' },
  { value: 1, text: 'Enough', color: 'green' },
  { value: 2, text: 'Watch', color: 'yellow' },
  { value: 3, text: 'Scale out', color: 'red' },
];
