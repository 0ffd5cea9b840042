/** What an operator can mend, by what it is about; decides the exit code. */
export const APP_ERROR_CODES = ['config', 'listen'] as const;
export type AppErrorCode = (typeof APP_ERROR_CODES)[number];

/**
 * An operational error that crosses a folder. Its message is written for the operator and says what to do;
 * anything else that is thrown is a mistake of ours and ends the process.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;

  constructor(code: AppErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
