/** The stdio server of the gateway's benchmarks: one JSON line in, one out. `argv[2]` is its era. */
import { answerTo, type EchoEra, type Message } from './echo-answers.ts';

const era: EchoEra = process.argv[2] === 'modern' ? 'modern' : 'legacy';
let rest = '';

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  let answers = '';
  for (const line of lines) {
    if (line === '') continue;
    const message = JSON.parse(line) as Message;
    if (message.id !== undefined && message.method !== undefined)
      answers += `${answerTo(message, era)}\n`;
  }
  if (answers !== '') process.stdout.write(answers);
});
process.stdin.on('end', () => process.exit());
