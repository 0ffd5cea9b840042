/** What a child process and its descendants use. */
export interface ProcessUsage {
  readonly pid: number;
  /** Including children that ended: never decreases. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}
