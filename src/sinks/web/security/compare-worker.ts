import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';

export interface PasswordComparison {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

export interface ComparisonResult {
  readonly id: number;
  readonly isSame: boolean;
}

const port = parentPort;
port?.on('message', ({ id, password, hash }: PasswordComparison) => {
  port.postMessage(
    {
      id,
      isSame: bcrypt.compareSync(password, hash),
    } satisfies ComparisonResult,
    [],
  );
});
