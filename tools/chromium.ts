import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** `CHROMIUM_PATH`, else the first usual name on the path. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

type Json = Record<string, unknown>;

export interface BrowserPage {
  open(url: string): Promise<void>;
  /** The value of an expression in the page, awaited there. */
  evaluate<T>(expression: string): Promise<T>;
  /** Until the expression is true; fails after ten seconds with what it was. */
  waitFor(expression: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  setColorScheme(scheme: 'light' | 'dark'): Promise<void>;
  setScriptEnabled(isEnabled: boolean): Promise<void>;
  /** IANA name, such as `Asia/Kolkata`. */
  setTimeZone(name: string): Promise<void>;
  /** Presses and releases a key, such as `Tab` or `Enter`, as a person does. */
  press(key: string): Promise<void>;
  /** PNG of the whole page, or of its top `heightMax` pixels. */
  screenshot(heightMax?: number): Promise<Buffer>;
  /** Errors and refusals by the content security policy that the console showed. */
  problems(): readonly string[];
  close(): Promise<void>;
}

export interface Browser {
  newPage(): Promise<BrowserPage>;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (result: Json) => void;
  readonly reject: (error: Error) => void;
}

/** Starts headless Chromium and speaks the DevTools protocol to it over a pipe, so that no port is open. */
export async function launchChromium(path: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'mcp-exporter-browser-'));
  const child = spawn(
    path,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--hide-scrollbars',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const connection = connect(child.stdio[3] as Writable, child.stdio[4] as Readable);
  void ended.then(() => connection.fail('Chromium ended'));
  await connection.send('Browser.getVersion');
  return {
    newPage: () => newPage(connection),
    async close() {
      await connection.send('Browser.close').catch(() => undefined);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface DevToolsConnection {
  send(method: string, params?: Json, sessionId?: string): Promise<Json>;
  onEvent(sessionId: string, listener: (method: string, params: Json) => void): void;
  fail(reason: string): void;
}

function connect(input: Writable, output: Readable): DevToolsConnection {
  const pending = new Map<number, Pending>();
  const listeners = new Map<string, (method: string, params: Json) => void>();
  let lastId = 0;
  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) receive(JSON.parse(part) as Json);
  });
  input.on('error', () => undefined);

  function receive(message: Json): void {
    const waiting = typeof message['id'] === 'number' ? pending.get(message['id']) : undefined;
    if (waiting) {
      pending.delete(message['id'] as number);
      const error = message['error'] as { message: string } | undefined;
      if (error) waiting.reject(new Error(error.message));
      else waiting.resolve(message['result'] as Json);
    } else if (typeof message['sessionId'] === 'string') {
      listeners.get(message['sessionId'])?.(message['method'] as string, message['params'] as Json);
    }
  }

  return {
    send(method, params = {}, sessionId) {
      const id = (lastId += 1);
      const { promise, resolve, reject } = Promise.withResolvers<Json>();
      pending.set(id, { resolve, reject });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      return promise;
    },
    onEvent: (sessionId, listener) => listeners.set(sessionId, listener),
    fail(reason) {
      for (const { reject } of pending.values()) reject(new Error(reason));
      pending.clear();
    },
  };
}

/** A page that is being left for the next one has no answer. */
function falseIfLeaving(error: unknown): false {
  if (
    error instanceof Error &&
    /navigated or closed|context was destroyed|Cannot find context/.test(error.message)
  )
    return false;
  throw error;
}

async function newPage(connection: DevToolsConnection): Promise<BrowserPage> {
  const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' });
  const attached = await connection.send('Target.attachToTarget', { targetId, flatten: true });
  const sessionId = attached['sessionId'] as string;
  const send = (method: string, params?: Json): Promise<Json> =>
    connection.send(method, params, sessionId);
  const problems: string[] = [];
  let onLoad: (() => void) | undefined;
  connection.onEvent(sessionId, (method, params) => {
    if (method === 'Page.loadEventFired') onLoad?.();
    if (method === 'Runtime.exceptionThrown') problems.push(JSON.stringify(params));
    if (method === 'Log.entryAdded') {
      const entry = params['entry'] as { level: string; text: string };
      if (entry.level === 'error') problems.push(entry.text);
    }
  });
  await Promise.all([send('Page.enable'), send('Runtime.enable'), send('Log.enable')]);

  async function evaluate<T>(expression: string): Promise<T> {
    const answer = await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    const thrown = answer['exceptionDetails'];
    assert.equal(thrown, undefined, JSON.stringify(thrown));
    return (answer['result'] as { value: T }).value;
  }

  return {
    async open(url) {
      const loaded = new Promise<void>((resolve) => (onLoad = resolve));
      await send('Page.navigate', { url });
      await loaded;
    },
    evaluate,
    async waitFor(expression) {
      const untilMs = Date.now() + 10_000;
      while (!(await evaluate<boolean>(`Boolean(${expression})`).catch(falseIfLeaving))) {
        assert(Date.now() < untilMs, `Not so within 10 s: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    ...viewOf(send),
    problems: () => problems,
    close: async () => {
      await connection.send('Target.closeTarget', { targetId });
    },
  };
}

type View = Pick<
  BrowserPage,
  'resize' | 'setColorScheme' | 'setScriptEnabled' | 'setTimeZone' | 'press' | 'screenshot'
>;

/** What Chromium needs to know of a key besides its name. */
const KEY_CODES: Readonly<Record<string, { readonly code: number; readonly text?: string }>> = {
  Tab: { code: 9 },
  Enter: { code: 13, text: '\r' },
  ' ': { code: 32, text: ' ' },
  ArrowLeft: { code: 37 },
  ArrowRight: { code: 39 },
};

/** What the page is shown on and by whom, and what is shown. */
function viewOf(send: (method: string, params?: Json) => Promise<Json>): View {
  return {
    async resize(width, height) {
      const isPhone = width < 600;
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: isPhone ? 2 : 1,
        mobile: isPhone,
      });
    },
    async setColorScheme(scheme) {
      await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
    },
    async setScriptEnabled(isEnabled) {
      await send('Emulation.setScriptExecutionDisabled', { value: !isEnabled });
    },
    async setTimeZone(timezoneId) {
      await send('Emulation.setTimezoneOverride', { timezoneId });
    },
    async press(key) {
      const known = KEY_CODES[key];
      assert(known, `The code of the key ${key} is not known`);
      const { code, text } = known;
      const event = { key, windowsVirtualKeyCode: code, ...(text !== undefined && { text }) };
      await send('Input.dispatchKeyEvent', {
        type: text === undefined ? 'rawKeyDown' : 'keyDown',
        ...event,
      });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
    async screenshot(heightMax = Infinity) {
      const { cssContentSize } = await send('Page.getLayoutMetrics');
      const { width, height } = cssContentSize as { width: number; height: number };
      const answer = await send('Page.captureScreenshot', {
        captureBeyondViewport: true,
        clip: { x: 0, y: 0, width, height: Math.min(height, heightMax), scale: 1 },
      });
      return Buffer.from(answer['data'] as string, 'base64');
    },
  };
}
