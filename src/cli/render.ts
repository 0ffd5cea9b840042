import { resolve } from 'node:path';
import { AlertingSchema } from '../settings/alerting-schema.ts';
import type { Config } from '../settings/config.ts';
import { CONFIG_FILE_NAMES, findConfig } from '../settings/files.ts';
import { formatYaml } from '../settings/yaml.ts';
import { loadConfig } from '../settings/load-config.ts';
import { formatProblems } from '../settings/source-file.ts';
import { textFiles } from '../app/text-files.ts';
import { renderAlertmanagerConfig } from '../sinks/alerting/alertmanager-config.ts';
import { createUserRules } from '../sinks/alerting/user-rules.ts';
import { type AlertingConfig, CHANNELS, hasChannel } from '../facts/alerting.ts';
import { METRICS_PAGE } from '../catalog/catalog.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';

export const RENDERED = ['alertmanager', 'rules'] as const;
export type Rendered = (typeof RENDERED)[number];

export interface RenderOptions {
  readonly what: Rendered;
  /** Default: the configuration in the working directory. */
  readonly config?: string | undefined;
  /** Default: standard output. */
  readonly output?: string | undefined;
}

/** Alertmanager's file names secret files but contains no secrets. It is still not world-readable. */
const MODES: Readonly<Record<Rendered, number>> = { alertmanager: 0o640, rules: 0o644 };

/** Prints or writes a file for another program, generated from our configuration. Starts nothing and sends nothing. */
export async function render(
  { what, config: path, output }: RenderOptions,
  { env, stdout, stderr }: CommandContext,
): Promise<ExitCode> {
  const file = path ?? (await findConfig());
  if (file === undefined) {
    stderr.stream.write(
      `no configuration: neither ${CONFIG_FILE_NAMES.join(' nor ')} is in this directory\n`,
    );
    return EXIT.failed;
  }
  const result = await loadConfig({ path: file, env });
  if (!result.ok) {
    stderr.stream.write(`${formatProblems(result.problems)}\n`);
    return EXIT.failed;
  }
  const { text, warning } = TEXTS[what](result.config);
  if (warning !== undefined) stderr.stream.write(`warning: ${warning}\n`);
  if (output === undefined) {
    stdout.stream.write(text);
    return EXIT.ok;
  }
  const problem = await textFiles.write(resolve(output), text, MODES[what]);
  stderr.stream.write(problem === undefined ? `wrote ${resolve(output)}\n` : `${problem}\n`);
  return problem === undefined ? EXIT.ok : EXIT.failed;
}

const TEXTS: Readonly<Record<Rendered, (config: Config) => { text: string; warning?: string }>> = {
  alertmanager: ({ alerting = NO_CHANNEL }) => ({
    text: renderAlertmanagerText(alerting),
    ...(CHANNELS.some((channel) => hasChannel(alerting, channel))
      ? {}
      : { warning: 'alerting: has no channel, so Alertmanager will notify nobody' }),
  }),
  rules: ({ alerts }) => ({
    text: createUserRules({ catalog: METRICS_PAGE, files: textFiles, format: formatYaml }).render(
      alerts,
    ),
  }),
};

const NO_CHANNEL: AlertingConfig = AlertingSchema.parse({});

/** The text of `alertmanager.yml`. */
export function renderAlertmanagerText(alerting: AlertingConfig): string {
  return formatYaml(
    renderAlertmanagerConfig(alerting),
    'Written by `mcp-exporter render alertmanager` from `alerting:` of its configuration. Edits here are lost.',
  );
}
