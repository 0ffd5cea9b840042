import { HTTP_SESSIONS } from './corpus/http-sessions.ts';
import { describeCorpus } from './describe-corpus.ts';

describeCorpus('http-sessions', HTTP_SESSIONS, { isLong: true });
