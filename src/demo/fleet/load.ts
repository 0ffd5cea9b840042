import { writeFileSync } from 'node:fs';
import { PERSONAS } from './personas.ts';
import { runClient } from './run-client.ts';

/** Clients of the sample servers, through the gateway. The file is new whenever a call was answered a moment ago. */
const [gateway, file] = process.argv.slice(2);
if (gateway === undefined || file === undefined) {
  process.stderr.write('usage: load GATEWAY_URL FILE\n');
  process.exitCode = 2;
} else {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  const clients = PERSONAS.flatMap((persona) =>
    Array.from({ length: persona.clients }, () =>
      runClient(persona, {
        gateway,
        random: Math.random,
        signal: stopping.signal,
        onAnswer: () => writeFileSync(file, ''),
        onError: (error) => process.stderr.write(`${persona.name}: ${String(error)}\n`),
      }),
    ),
  );
  await Promise.all(clients);
}
