import { ODD_MESSAGES } from './corpus/odd-messages.ts';
import { describeCorpus } from './describe-corpus.ts';

describeCorpus(
  'http-messages',
  ODD_MESSAGES.map((odd) => ({ ...odd, transport: 'http' })),
  { isLong: false },
);
