import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Asset {
  readonly body: Buffer;
  readonly contentType: string;
  /** Changes with the content, so that browsers may keep it for ever. */
  readonly url: string;
  readonly hash: string;
}

/** Each after those that it imports. */
const SCRIPTS = [
  'times.js',
  'take-over.js',
  'toasts.js',
  'link.js',
  'forms.js',
  'page-reader.js',
  'presence.js',
  'stream.js',
  'live.js',
  'uplot.js',
  'charts.js',
  'page.js',
] as const;

export type AssetName = 'style.css' | 'icon.svg' | (typeof SCRIPTS)[number];
export type Assets = Readonly<Record<AssetName, Asset>>;

/** Reads the pages' files once. Throws if the installation lacks them. */
export function loadAssets(): Assets {
  const scripts = new Map<string, Asset>();
  for (const name of SCRIPTS) {
    const text = readAsset(name).toString();
    scripts.set(name, createAsset(name, Buffer.from(withHashes(text, scripts)), 'text/javascript'));
  }
  return {
    ...(Object.fromEntries(scripts) as Record<(typeof SCRIPTS)[number], Asset>),
    'style.css': createAsset(
      'style.css',
      Buffer.concat([readAsset('uplot.css'), readAsset('style.css')]),
      'text/css',
    ),
    'icon.svg': createAsset('icon.svg', readAsset('icon.svg'), 'image/svg+xml'),
  };
}

/** Imports by the addresses that browsers may keep for ever. */
function withHashes(script: string, loaded: ReadonlyMap<string, Asset>): string {
  return script.replace(/'\.\/([a-z-]+\.js)'/g, (_import, name: string) => {
    const asset = loaded.get(name);
    assert(asset, `${name} has to be loaded before the script that imports it`);
    return `'${asset.url}'`;
  });
}

function readAsset(name: string): Buffer {
  return readFileSync(new URL(`./assets/${name}`, import.meta.url));
}

function createAsset(name: AssetName, body: Buffer, type: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const contentType = type.startsWith('image/') ? type : `${type}; charset=utf-8`;
  return { body, contentType, hash, url: `/assets/${name}?v=${hash}` };
}
