import { HTTP_BODIES } from './corpus/http-bodies.ts';
import { HTTP_EVENTS } from './corpus/http-events.ts';
import { HTTP_STATUSES } from './corpus/http-statuses.ts';
import { describeCorpus } from './describe-corpus.ts';

describeCorpus('http-answers', [...HTTP_STATUSES, ...HTTP_BODIES, ...HTTP_EVENTS], {
  isLong: true,
});
