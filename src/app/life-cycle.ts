import type { Config } from '../settings/config.ts';
import type { Part } from './part.ts';

export interface LifeCycle {
  /**
   * Starts the parts in their order. If one fails, those before it are stopped again.
   * @returns why the service did not start
   */
  start(): Promise<string | undefined>;
  /** Applies a configuration to the parts that run. @returns what could not be applied */
  reload(config: Config): Promise<string | undefined>;
  /** Stops the parts that run, in reverse order. A part that fails to stop does not keep the others from it. */
  stop(): Promise<void>;
  /** For the last moment of the process: synchronous, at once. */
  killChildren(): void;
}

export function createLifeCycle(parts: readonly Part[], report: (line: string) => void): LifeCycle {
  const running: Part[] = [];

  async function stop(): Promise<void> {
    for (const part of running.splice(0).toReversed()) {
      try {
        await part.stop?.();
      } catch (error) {
        report(`${part.name} could not be stopped: ${String(error)}`);
      }
    }
  }

  async function startAll(): Promise<string | undefined> {
    for (const part of parts) {
      const problem = await part.start?.();
      if (typeof problem === 'string') return problem;
      running.push(part);
    }
    return undefined;
  }

  return {
    async start() {
      let isStarted = false;
      try {
        const problem = await startAll();
        isStarted = problem === undefined;
        return problem;
      } finally {
        if (!isStarted) await stop();
      }
    },
    async reload(config) {
      const problems: string[] = [];
      for (const part of running) {
        const problem = await part.reload?.(config);
        if (typeof problem === 'string') problems.push(problem);
      }
      return problems.length === 0 ? undefined : problems.join('\n');
    },
    stop,
    killChildren() {
      for (const part of parts) part.killChildren?.();
    },
  };
}
