interface SamplingParams {
  readonly messages: readonly { readonly content: unknown }[];
}

/** What the client's model says; refuses if it is asked to. */
export function answerSampling({ messages }: SamplingParams) {
  const asked = JSON.stringify(messages);
  if (asked.includes('refuse'))
    throw Object.assign(new Error('the user refused'), { code: -1, data: { by: 'user' } });
  return {
    model: 'model ü',
    role: 'assistant' as const,
    stopReason: 'endTurn',
    content: { type: 'text' as const, text: `asked ${asked}` },
    _meta: { 'test/model': true },
  };
}

/** What the client's user says: the message decides. */
export function answerElicitation({ message }: { readonly message: string }) {
  if (message === 'decline' || message === 'cancel') return { action: message } as const;
  return { action: 'accept' as const, content: { name: 'Ünal 🧑‍🚀', age: 41, ok: true } };
}

export function answerRoots() {
  return {
    roots: [
      { uri: 'file:///home/ü', name: 'home' },
      { uri: 'file:///tmp', _meta: { 'test/root': 1 } },
    ],
  };
}
