import { SSE_SERVERS } from './corpus/sse.ts';
import { describeCorpus } from './describe-corpus.ts';

describeCorpus('sse', SSE_SERVERS, { isLong: true });
