import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export type Variables = Readonly<Record<string, string>>;

export interface ComposeResult {
  readonly code: number;
  readonly stdout: string;
  /** Both streams. */
  readonly text: string;
}

const OUTPUT_BYTES_MAX = 16_000_000;

/** `docker compose` on the shipped file, with nothing of this machine's settings but how to reach an engine. */
export function compose(
  args: readonly string[],
  { variables = {}, files = [] }: { variables?: Variables; files?: readonly string[] } = {},
): Promise<ComposeResult> {
  const { PATH = '', HOME = '', DOCKER_HOST, DOCKER_CONFIG } = process.env;
  const env = {
    PATH,
    HOME,
    ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
    ...(DOCKER_CONFIG === undefined ? {} : { DOCKER_CONFIG }),
    ...variables,
  };
  const common = ['docker-compose.yml', ...files].flatMap((file) => ['--file', file]);
  const noFile = args.includes('--env-file') ? [] : ['--env-file', '/dev/null'];
  const { promise, resolve } = Promise.withResolvers<ComposeResult>();
  execFile(
    'docker',
    ['compose', ...common, ...noFile, ...args],
    { cwd: ROOT, env, maxBuffer: OUTPUT_BYTES_MAX },
    (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, text: `${stdout}${stderr}` });
    },
  );
  return promise;
}

/** Whether a test must be skipped for want of `docker compose`: loudly, and never where CI is set, so that it fails there. */
export function isComposeMissing(): boolean {
  return isMissing('docker compose', ['compose', 'version']);
}

/** The same for a running engine, and for the images that it would have to ask a registry for. */
export function isEngineMissing(): boolean {
  return (
    isMissing('a Docker engine', ['version']) ||
    isComposeMissing() ||
    configuredImages().some((image) => isMissing(`the image ${image}`, ['image', 'inspect', image]))
  );
}

/** Fails at once where an image is not there, instead of asking a registry for it. */
export function requireImages(): void {
  for (const image of configuredImages())
    if (!isThere(['image', 'inspect', image]))
      throw new Error(`The engine does not have ${image}: pull it first.`);
}

interface ConfiguredServices {
  readonly exporter: { readonly build: { readonly args: { readonly NODE_IMAGE: string } } };
  readonly prometheus: { readonly image: string };
  readonly alertmanager: { readonly image: string };
}

function configuredImages(): readonly string[] {
  const args = ['compose', '--env-file', '/dev/null', 'config', '--format', 'json'];
  const { status, stdout } = spawnSync('docker', args, { cwd: ROOT, encoding: 'utf8' });
  // What is wrong with the file another test says.
  if (status !== 0) return [];
  const { services } = JSON.parse(stdout) as { readonly services: ConfiguredServices };
  const { exporter, prometheus, alertmanager } = services;
  return [exporter.build.args.NODE_IMAGE, prometheus.image, alertmanager.image];
}

function isMissing(what: string, args: readonly string[]): boolean {
  if (isThere(args) || process.env['CI']) return false;
  console.warn(`SKIPPED: ${what} is not here`);
  return true;
}

function isThere(args: readonly string[]): boolean {
  return spawnSync('docker', args, { timeout: 20_000 }).status === 0;
}
