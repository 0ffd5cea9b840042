import { dirname } from 'node:path';
import { readClientEntries, readWrappedEntry } from '../settings/wrap/client-entries.ts';
import { CONFIG_FILE_NAMES, findConfig, readText } from '../settings/files.ts';
import { GATEWAY_LISTEN_DEFAULT, peekGateway } from '../settings/gateway-address.ts';
import { maskSource } from '../settings/secrets.ts';
import { planUnwrap, type UnwrapPlan } from '../settings/wrap/plan-unwrap.ts';
import { backupPath, readBackup, removeBackup, setBackupAside } from './backup.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { type EditableFile, openForEdit, replaceFile } from './edit-file.ts';
import { formatDiff } from './format-diff.ts';
import { stripControls } from './strip-controls.ts';
import { splitMark } from './wrap.ts';

export interface UnwrapOptions {
  /** A client's file. */
  readonly file: string;
  readonly config?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Restores a client's file to its state before `wrap`, and removes what `wrap` added to our configuration for it. */
export async function unwrap(options: UnwrapOptions, context: CommandContext): Promise<ExitCode> {
  const fail = (message: string): ExitCode => {
    context.stderr.stream.write(`${message}\n`);
    return EXIT.failed;
  };
  const client = await openForEdit(options.file);
  if (!client.ok) return fail(client.message);
  if (client.file.text === undefined) return fail(`${client.file.path} does not exist`);
  const { mark, text } = splitMark(client.file.text);
  const ownPath = options.config ?? (await findOwnFile(client.file.path, text));
  const own = await openForEdit(ownPath);
  if (!own.ok) return fail(own.message);
  const peek = await peekGateway(own.file.path, readText);
  const backup = await readBackup(client.file.path);
  const result = planUnwrap({
    clientFile: client.file.path,
    clientText: text,
    backupText: backup && splitMark(backup.toString('utf8')).text,
    ownText: own.file.text,
    ownBackupText: (await readBackup(own.file.path))?.toString('utf8'),
    listen: peek.kind === 'address' ? peek.listen : GATEWAY_LISTEN_DEFAULT,
    env: context.env,
    home: context.env['HOME'] ?? context.env['USERPROFILE'],
  });
  if (!result.ok) return fail(result.message);
  const { plan } = result;
  showPlan(plan, own.file, { path: client.file.path, text }, context);
  if (plan.restored.length > 0 && !options.dryRun) {
    const content = plan.isBackup && backup ? backup : mark + plan.clientText;
    const mistake =
      (await replaceFile(client.file, content)) ??
      (plan.ownText === undefined || plan.ownText === own.file.text
        ? undefined
        : await replaceFile(own.file, plan.ownText));
    if (mistake !== undefined) return fail(mistake);
    if (plan.isOwnBackup) await removeBackup(own.file.path);
  }
  await showSummary(plan, client.file.path, own.file.path, options.dryRun ?? false, context);
  return EXIT.ok;
}

/** Our file as the client's own entries name it. */
async function findOwnFile(file: string, text: string): Promise<string> {
  const read = readClientEntries(file, text);
  const entries = read.ok ? read.entries : [];
  const named = entries
    .map(({ value }) => readWrappedEntry(value, undefined)?.config)
    .find((config) => config !== undefined);
  const nearby = async (): Promise<string | undefined> =>
    (await findConfig()) ?? (await findConfig(dirname(file)));
  return named ?? (await nearby()) ?? CONFIG_FILE_NAMES[0];
}

function showPlan(
  plan: UnwrapPlan,
  own: EditableFile,
  client: { readonly path: string; readonly text: string },
  { stdout }: CommandContext,
): void {
  const show = (file: string, before: string, after: string): void => {
    const [old, fresh] = [before, after].map((text) => maskSource(file, text, plan.secrets));
    const diff = formatDiff(old ?? '', fresh ?? '', { file, hasColours: stdout.hasColours });
    stdout.stream.write(diff);
  };
  show(client.path, client.text, plan.clientText);
  show(own.path, own.text ?? '', plan.ownText ?? own.text ?? '');
}

async function showSummary(
  { restored, isBackup, left, removed, kept }: UnwrapPlan,
  clientFile: string,
  ownFile: string,
  isDryRun: boolean,
  { stdout }: CommandContext,
): Promise<void> {
  const lines = left.map(({ name, why }) => `left as it is: ${name}: ${why}`);
  if (restored.length === 0) lines.push('nothing to put back');
  else if (isBackup) {
    lines.push('put back byte for byte as it was');
    if (!isDryRun) await removeBackup(clientFile);
  } else {
    lines.push(
      `the file was edited since: only these entries were put back: ${restored.join(', ')}`,
    );
    if (!isDryRun && left.length === 0 && (await readBackup(clientFile)))
      lines.push(`the backup ${backupPath(clientFile)} is now ${await setBackupAside(clientFile)}`);
  }
  if (removed.length > 0) lines.push(`removed from ${ownFile}: ${removed.join(', ')}`);
  if (kept.length > 0)
    lines.push(
      `stays in ${ownFile}, since it was edited there or is needed by somebody else: ${kept.join(', ')}`,
    );
  if (isDryRun) lines.push('nothing was changed (--dry-run)');
  for (const line of lines) stdout.stream.write(`${stripControls(line)}\n`);
}
