/** A rule file of Prometheus, with the fields that its YAML has. */
export interface RuleFile<R extends Rule = Rule> {
  readonly groups: readonly RuleGroup<R>[];
}

export interface RuleGroup<R extends Rule = Rule> {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly R[];
}

export type Rule = RecordingRule | AlertRule;

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
