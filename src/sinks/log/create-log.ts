import type { Writable } from 'node:stream';
import { levels, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { createStream } from 'rotating-file-stream';
import {
  type Log,
  LOG_SEVERITIES,
  type LogFields,
  type LogSeverity,
} from '../../facts/ports/log.ts';
import type { LogFileSettings } from '../../facts/service-settings.ts';
import { maskText, maskTexts } from '../../facts/rules/mask-text.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { escapeControls, replaceControls } from './control-characters.ts';
import { LEVELNAMES } from './levelnames.ts';
import { createLineBatch } from './line-batch.ts';
import { createServerLabels, type ServerLabels } from './server-labels.ts';
import { createSink, type Sink } from './sink.ts';

export interface LogOptions {
  readonly level: LogSeverity | 'silent';
  /** `auto`: for people on a terminal, else JSON. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** Also writes JSON lines to a file, and keeps `maxFiles` old ones of about `maxBytes` each. */
  readonly file?: LogFileSettings;
  readonly output: LogOutput;
  readonly clock: Clock;
  /** One line for the operator when the log itself fails; not the log. */
  readonly report: (line: string) => void;
}

/** Standard output, usually. */
export interface LogOutput {
  readonly stream: Writable;
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
}

/** The way past pino for lines that are many and made of known parts: they are made and written together, a little later. */
export interface LineWriter {
  isEnabled(severity: LogSeverity): boolean;
  /** @param print returns one JSON object in the form of pino's, with its line break, and no other control character */
  write(print: () => string): void;
}

export interface ServiceLog extends Log {
  readonly lines: LineWriter;
  /** Added to every line with the field `server`; lines past pino add them themselves. */
  readonly labels: ServerLabels;
  setLevel(level: LogSeverity | 'silent'): void;
  /**
   * Hands every line from now on to `take` as well, masked and as JSON: whole lines, one or more at a time.
   * @returns a function that hands on what waits, and ends it
   */
  copyTo(take: (text: string) => void): () => void;
  /** Lines that were lost because a destination failed or was too slow. */
  dropped(): number;
  /** Waits for what is buffered, but no longer than `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}

const CLOSE_MS_MAX = 1_000;
const MASK = '***';
/** Second line of defence: secrets are `Secret`s, which mask themselves. */
const SECRET_KEYS = ['authorization', 'cookie', 'password', 'secret', 'token'];
const SECRET_PATHS = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.headers.${key}`]);

export function createLog(options: LogOptions): ServiceLog {
  const isPretty =
    options.format === 'pretty' || (options.format === 'auto' && options.output.isTerminal);
  const print = isPretty ? createPrinter(options.output.hasColours) : (text: string) => text;
  const output = openOutput(options);
  const file = options.file && openFile(options.file, options);
  const sinks = file ? [output, file] : [output];
  let copy: ((text: string) => void) | undefined;
  const writeLines = (text: string, lineCount: number): void => {
    output.write(print(text), lineCount);
    file?.write(text, lineCount);
    copy?.(text);
  };
  const labels = createServerLabels();
  const batch = createLineBatch(options.clock, writeLines);
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: nameFields },
      serializers: { err: printError },
      mixin: (fields, level) => ({
        ...levelnameField(level),
        ...('server' in fields && labelsField(labels.find(fields.server))),
      }),
      redact: { paths: SECRET_PATHS, censor: MASK },
    },
    {
      write(line) {
        batch.flush();
        writeLines(escapeControls(line), 1);
      },
    },
  );
  return {
    ...bindSeverities(logger),
    lines: { isEnabled: (severity) => logger.isLevelEnabled(severity), write: batch.add },
    labels,
    setLevel(level) {
      logger.level = level;
    },
    copyTo(take) {
      copy = take;
      return () => {
        batch.flush();
        copy = undefined;
      };
    },
    dropped: () => sinks.reduce((sum, sink) => sum + sink.dropped(), 0),
    async close(timeoutMs = CLOSE_MS_MAX) {
      batch.flush();
      await Promise.all(sinks.map((sink) => sink.close(timeoutMs)));
    },
  };
}

/** As everything else that programs read, fields have names in snake_case. */
function nameFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [
      field === 'channel' ? 'type' : toSnakeCase(field),
      value,
    ]),
  );
}

function toSnakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function levelnameField(level: number): object {
  const label = levels.labels[level];
  return label === 'error' || label === 'fatal' ? { levelname: LEVELNAMES[label] } : {};
}

function labelsField(labels: ServerSpec['labels'] | undefined): object {
  return labels ? { labels } : {};
}

/** An error of a library may quote a header or a URL. */
function printError(error: Error): unknown {
  const printed: unknown = stdSerializers.errWithCause(error);
  const mask = (text: string): string => maskText(text, []);
  const isPrinted = typeof printed === 'object' && printed !== null;
  return maskTexts(isPrinted ? Object.fromEntries(Object.entries(printed)) : printed, mask);
}

function bindSeverities(logger: Logger): Log {
  const entries = LOG_SEVERITIES.map((severity) => [
    severity,
    (fields: LogFields, message: string) => logger[severity](fields, message),
  ]);
  return Object.fromEntries(entries) as Log;
}

/** In this thread and into a buffer, not through a worker: a crash must not lose the line that explains it. */
function createPrinter(hasColours: boolean): (text: string) => string {
  const print = prettyFactory({
    colorize: hasColours,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'type,levelname',
    singleLine: true,
  });
  return (text) =>
    text
      .split(/(?<=\n)/)
      .map((line) => print(replaceControls(line)) ?? line)
      .join('');
}

function openOutput({ output, report, clock }: LogOptions): Sink {
  return createSink({
    name: 'standard output',
    open: () => output.stream,
    isOwned: false,
    report,
    clock,
  });
}

function openFile(
  { path, maxBytes, maxFiles }: LogFileSettings,
  { report, clock }: LogOptions,
): Sink {
  return createSink({
    name: path,
    open: () => createStream(path, { size: `${maxBytes}B`, rotate: maxFiles }),
    isOwned: true,
    report,
    clock,
  });
}
