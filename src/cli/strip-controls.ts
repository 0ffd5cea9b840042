const CONTROL_CHARACTER = /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** For text from a server, which must not move the cursor, colour the terminal or change the text direction. */
export function stripControls(text: string): string {
  return text.replaceAll(CONTROL_CHARACTER, '�');
}
