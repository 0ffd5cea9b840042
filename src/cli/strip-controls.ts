const CONTROL_CHARACTER = /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** For text that a server chose: it must not move the cursor, colour the terminal or turn the direction of a line. */
export function stripControls(text: string): string {
  return text.replaceAll(CONTROL_CHARACTER, '�');
}
