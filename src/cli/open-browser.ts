import { spawn } from 'node:child_process';
import { once } from 'node:events';

type BrowserEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Opens a page with the program that the system has for it.
 * @returns whether there is one; it may still fail to show the page
 */
export async function openBrowser(
  url: string,
  platform: NodeJS.Platform,
  env: BrowserEnvironment,
): Promise<boolean> {
  const [program, ...args] = browserCommand(url, platform, env) ?? [];
  if (program === undefined) return false;
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  child.unref();
  return true;
}

/** No shell takes part: the address comes from outside. Undefined if nobody could see the page. */
export function browserCommand(
  url: string,
  platform: NodeJS.Platform,
  env: BrowserEnvironment,
): readonly string[] | undefined {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  // Without a display xdg-open would start a browser in this terminal.
  const hasDisplay = Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY']);
  return hasDisplay ? ['xdg-open', url] : undefined;
}
