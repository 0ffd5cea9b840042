import { METRICS_PAGE } from '../../catalog/catalog.ts';
import { formatYaml } from '../../settings/yaml.ts';
import { createUserRules } from '../../sinks/alerting/user-rules.ts';
import type { Part, PartContext } from '../part.ts';
import { textFiles } from '../text-files.ts';

/** Writes the rule file of the user's alerts. */
export function createUserRulesPart({ log }: PartContext): Part {
  const rules = createUserRules({ catalog: METRICS_PAGE, files: textFiles, format: formatYaml });
  return {
    name: 'user rules',
    async reload({ alerts, alertRulesFile }) {
      const problem = await rules.update(alerts, alertRulesFile);
      if (problem !== undefined)
        log.error({ channel: 'error', detail: problem }, 'alert rules not written');
      return problem;
    },
  };
}
