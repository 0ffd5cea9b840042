import type { Part, PartContext } from '../part.ts';
import { type ConfigWatch, watchConfig } from '../watch-config.ts';
import type { ConfigurationPart } from './configuration.ts';

/** Reloads the configuration when its files change. The demonstration has no file. */
export function createConfigWatchPart(
  { configPath, clock }: PartContext,
  configuration: ConfigurationPart,
): Part {
  let watch: ConfigWatch | undefined;
  return {
    name: 'configuration watch',
    start() {
      if (configPath === undefined) return;
      watch = watchConfig({
        files: () => configuration.files(),
        clock,
        onChange: () => void configuration.reloadFiles('file'),
      });
    },
    stop: () => watch?.stop(),
  };
}
