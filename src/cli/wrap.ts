import { CONFIG_FILE_NAMES, findConfig } from '../settings/files.ts';
import { maskSource } from '../settings/secrets.ts';
import { hasWrapped } from '../settings/wrap/own-entries.ts';
import {
  planWrap,
  type WrapPlan,
  type WrapRequest,
  type WrapResult,
} from '../settings/wrap/plan-wrap.ts';
import { isJson } from '../settings/read-source.ts';
import { askBeforeWrap } from './ask-before-wrap.ts';
import { askGateway } from './ask-gateway.ts';
import { backupPath, keepBackup } from './backup.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { type EditableFile, openForEdit, replaceFile } from './edit-file.ts';
import { formatDiff } from './format-diff.ts';
import { stripControls } from './strip-controls.ts';

export interface WrapOptions {
  /** A client's file. */
  readonly file: string;
  /** Empty for all. */
  readonly names: readonly string[];
  readonly config?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Without asking the servers. */
  readonly includeOauth?: boolean | undefined;
}

/** A byte order mark is not JSON: it is removed for editing and put back afterwards. */
export function splitMark(text: string): { readonly mark: string; readonly text: string } {
  const mark = text.startsWith('\u{feff}') ? '\u{feff}' : '';
  return { mark, text: text.slice(mark.length) };
}

/** Moves servers of a client's file into our configuration and points the client at the gateway. */
export async function wrap(options: WrapOptions, context: CommandContext): Promise<ExitCode> {
  const fail = (message: string): ExitCode => {
    context.stderr.stream.write(`${message}\n`);
    return EXIT.failed;
  };
  const client = await openForEdit(options.file);
  if (!client.ok) return fail(client.message);
  if (client.file.text === undefined) return fail(`${client.file.path} does not exist`);
  const own = await openForEdit(options.config ?? (await findConfig()) ?? CONFIG_FILE_NAMES[0]);
  if (!own.ok) return fail(own.message);
  if (own.file.path === client.file.path)
    return fail(`${own.file.path} cannot be both: --config is our own file`);
  if (isJson(own.file.path, own.file.text ?? ''))
    return fail(`${own.file.path} must be a YAML file, such as ${CONFIG_FILE_NAMES[0]}`);

  const { mark, text } = splitMark(client.file.text);
  const request: WrapRequest = {
    clientFile: client.file.path,
    clientText: text,
    ownFile: own.file.path,
    ownText: own.file.text,
    names: options.names,
    program: context.program,
    env: context.env,
  };
  const result = await planAfterAsking(request, options, context);
  if (!result.ok) return fail(result.message);
  const { plan } = result;
  if (context.program.some((part) => /[\\/]_npx[\\/]/.test(part)))
    context.stderr.stream.write(
      'warning: this runs from a cache that npx may empty, and the client would then find nothing: npm install --global mcp-exporter first\n',
    );
  showPlan(plan, own.file, { path: client.file.path, text }, context);
  if (plan.moved.length === 0 || options.dryRun) {
    showSummary(plan, own.file.path, options.dryRun ?? false, context);
    return EXIT.ok;
  }
  const mistake = await write(client.file, own.file, mark, plan);
  if (mistake !== undefined) return fail(`${mistake}\nThe client’s file is as it was.`);
  showSummary(plan, own.file.path, false, context);
  await showNextSteps(plan, client.file.path, own.file, context);
  return EXIT.ok;
}

/** A server that wants OAuth works only where its clients expect it, so that each is asked before its entry is changed. */
async function planAfterAsking(
  request: WrapRequest,
  { includeOauth = false }: WrapOptions,
  context: CommandContext,
): Promise<WrapResult> {
  const first = await planWrap(request);
  if (!first.ok || includeOauth || first.plan.toAsk.length === 0) return first;
  const { left, notes } = await askBeforeWrap(first.plan.toAsk, (target) =>
    context.askForAuthorization(target),
  );
  for (const note of notes) context.stderr.stream.write(`note: ${stripControls(note)}\n`);
  return left.length === 0 ? first : planWrap({ ...request, left });
}

/** First the backup, then our configuration, then the client's file: if it fails halfway, every server can still be reached. */
async function write(
  client: EditableFile,
  own: EditableFile,
  mark: string,
  plan: WrapPlan,
): Promise<string | undefined> {
  return (
    (await keepBackup(client, plan.isFirst)) ??
    (own.text === undefined ? undefined : await keepBackup(own, !hasWrapped(own.text))) ??
    (await replaceFile(own, plan.ownText)) ??
    (await replaceFile(client, mark + plan.clientText))
  );
}

function showPlan(
  plan: WrapPlan,
  own: EditableFile,
  client: { readonly path: string; readonly text: string },
  { stdout }: CommandContext,
): void {
  const show = (file: string, before: string, after: string): void => {
    const [old, fresh] = [before, after].map((text) => maskSource(file, text, plan.secrets));
    const diff = formatDiff(old ?? '', fresh ?? '', { file, hasColours: stdout.hasColours });
    stdout.stream.write(diff);
  };
  show(own.path, own.text ?? '', plan.moved.length > 0 ? plan.ownText : (own.text ?? ''));
  show(client.path, client.text, plan.clientText);
}

function showSummary(
  { moved, left, alreadyWrapped }: WrapPlan,
  ownFile: string,
  isDryRun: boolean,
  { stdout }: CommandContext,
): void {
  const lines = [
    ...(moved.length > 0
      ? [`${isDryRun ? 'would be moved' : 'moved'} to ${ownFile}: ${moved.join(', ')}`]
      : ['nothing to move']),
    ...(alreadyWrapped.length > 0 ? [`wrapped already: ${alreadyWrapped.join(', ')}`] : []),
    ...left.map(({ name, why }) => `left as it is: ${name}: ${why}`),
    ...(isDryRun ? ['nothing was changed (--dry-run)'] : []),
  ];
  for (const line of lines) stdout.stream.write(`${stripControls(line)}\n`);
}

async function showNextSteps(
  { moved, gateway }: WrapPlan,
  clientFile: string,
  own: EditableFile,
  { stdout, clock }: CommandContext,
): Promise<void> {
  const lines = [
    `kept as it was: ${backupPath(clientFile)}`,
    'restart the client, or let it read its file again',
  ];
  const [first = ''] = moved;
  if ((await askGateway(gateway, first, clock)) === 'absent')
    lines.push(
      `no service answers at ${gateway}; start it with: mcp-exporter serve --config ${own.path}`,
    );
  for (const line of lines) stdout.stream.write(`${stripControls(line)}\n`);
}
