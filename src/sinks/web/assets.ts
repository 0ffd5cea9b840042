import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Asset {
  readonly body: Buffer;
  readonly contentType: string;
  /** Changes with the content, so that browsers may keep it for ever. */
  readonly url: string;
  readonly hash: string;
}

export type AssetName = 'style.css' | 'live.js' | 'icon.svg';
export type Assets = Readonly<Record<AssetName, Asset>>;

function loadAsset(name: AssetName, contentType: string): Asset {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url));
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { body, contentType, hash, url: `/assets/${name}?v=${hash}` };
}

/** Reads the pages' files once. Throws if the installation lacks them. */
export function loadAssets(): Assets {
  return {
    'style.css': loadAsset('style.css', 'text/css; charset=utf-8'),
    'live.js': loadAsset('live.js', 'text/javascript; charset=utf-8'),
    'icon.svg': loadAsset('icon.svg', 'image/svg+xml'),
  };
}
