import { readMessages } from '../../protocol/message-reader.ts';
import type { AdmittedRequest } from './upstream.ts';

/** Reads a body to its end where a message is needed whole. Nothing where the client went away; the body limit is the edge's. */
export async function readRest(admitted: AdmittedRequest): Promise<AdmittedRequest | undefined> {
  const chunks = [admitted.body];
  try {
    for await (const chunk of admitted.request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  const body = Buffer.concat(chunks);
  return { ...admitted, body, isComplete: true, read: readMessages(body) };
}
