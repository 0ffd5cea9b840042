import { STDIO_SERVERS } from './corpus/stdio.ts';
import { describeCorpus } from './describe-corpus.ts';

describeCorpus('stdio', STDIO_SERVERS, { isLong: true });
