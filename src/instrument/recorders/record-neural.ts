import { neuralInferenceDuration, neuralTokens } from '../../catalog/library.ts';
import { observeResult } from '../manual/observe-result.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { boundedDurations, boundedValues } from './bounded-family.ts';

export interface Inference {
  readonly model: string;
  readonly operation: string;
}

export interface NeuralRecorder {
  /** Times an inference, whether it succeeds or not. */
  run<Result>(inference: Inference, infer: () => Result): Result;
  inference(inference: Inference & { readonly durationMs: number }): void;
  tokens(model: string, counts: { readonly input?: number; readonly output?: number }): void;
}

export function createNeuralRecorder(registry: MetricRegistry): NeuralRecorder {
  const durations = boundedDurations(registry, neuralInferenceDuration);
  const tokens = boundedValues(registry, neuralTokens);
  const inference: NeuralRecorder['inference'] = ({ model, operation, durationMs }) =>
    durations({ model, operation }).observe(durationMs / 1000);
  return {
    inference,
    run(what, infer) {
      const startedMs = performance.now();
      const done = (): void => inference({ ...what, durationMs: performance.now() - startedMs });
      return observeResult(infer, { returned: done, failed: done });
    },
    tokens(model, { input = 0, output = 0 }) {
      tokens({ model, direction: 'input' }).value += Math.max(0, input);
      tokens({ model, direction: 'output' }).value += Math.max(0, output);
    },
  };
}
