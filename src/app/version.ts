import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('../../package.json') as {
  readonly version: string;
};

/** Of the exporter, as released. */
export const VERSION: string = manifest.version;
