import type { CatalogLabel, CatalogSeries, LabelOfSeries } from '../catalog.ts';

/** Labels that Prometheus adds to everything it scrapes. */
type TargetLabel = 'job' | 'gateway' | 'instance';

/** Labels that only our recording rules have. */
type RecordedLabel = 'resource' | 'signal' | 'slo';

/** Labels of what Prometheus and Alertmanager report about themselves and about alerts. */
type ForeignLabel =
  'alertname' | 'alertstate' | 'component' | 'integration' | 'rule_group' | 'severity' | 'state';

/** Every label that a query may name; a misspelt one does not compile. */
export type LabelName =
  CatalogLabel | TargetLabel | RecordedLabel | ForeignLabel | 'group' | 'le' | 'page';

/** The labels of one series: exactly its own if it is in the catalog, otherwise any known label. */
export type LabelOf<Name extends string> = Name extends CatalogSeries
  ? LabelOfSeries<Name> | TargetLabel | (Name extends `${string}_bucket` ? 'le' : never)
  : LabelName;
