import { Argument, Command, CommanderError } from 'commander';
import { VERSION } from '../app/version.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import {
  HEALTH_URL,
  HEALTHCHECK_HELP,
  MAIN_HELP,
  PROBE_HELP,
  RENDER_HELP,
  SERVE_HELP,
  STDIO_HELP,
  UNWRAP_HELP,
  WRAP_HELP,
} from './help-text.ts';
import {
  parseHeaderOption,
  parseListenOption,
  parseLogLevelOption,
  parseTimeoutOption,
  parseUrlOption,
} from './parse-options.ts';

/**
 * Runs one command line in this process.
 * @param argv without the program's own name
 * @returns the exit code
 */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const { words, command } = splitCommand(argv);
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(context, command, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(isCommandLeftOut(words) ? ['serve', ...words] : words, {
      from: 'user',
    });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** Commander drops the `--` that tells a command from a name, so it is taken apart first. */
function splitCommand(argv: readonly string[]): { words: string[]; command: string[] } {
  const at = argv.indexOf('--');
  if (at === -1 || argv[0] !== 'probe') return { words: [...argv], command: [] };
  return { words: argv.slice(0, at), command: argv.slice(at + 1) };
}

/** A bare `mcp-exporter`, or one with options of `serve`, serves. */
function isCommandLeftOut([first]: readonly string[]): boolean {
  if (first === undefined) return true;
  return first.startsWith('-') && !['-h', '--help', '-V', '--version'].includes(first);
}

function createProgram(
  context: CommandContext,
  command: readonly string[],
  end: (code: ExitCode) => void,
): Command {
  const { stdout, stderr } = context;
  const program = new Command('mcp-exporter')
    .description('Prometheus exporter for MCP (Model Context Protocol) servers')
    .version(VERSION, '-V, --version')
    .addHelpText('after', MAIN_HELP)
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.stream.write(text),
      writeErr: (text) => stderr.stream.write(text),
      getOutHasColors: () => stdout.hasColours,
      getErrHasColors: () => stderr.hasColours,
    });

  program
    .command('serve')
    .description('watch the servers and serve metrics, pages and the API (the default)')
    .option('-c, --config <file>', 'configuration, or a client’s own file')
    .option(
      '-l, --listen <host:port>',
      'instead of listen: of the configuration',
      parseListenOption,
    )
    .option('--log-level <level>', 'instead of log.level of the configuration', parseLogLevelOption)
    .addHelpText('after', SERVE_HELP)
    .action(async (options) => {
      const { serve } = await import('./serve.ts');
      end(await serve(options, context));
    });

  program
    .command('check-config')
    .description('say what would be watched, or every mistake')
    .argument('[file]', 'instead of the configuration of this directory')
    .action(async (path: string | undefined) => {
      const { checkConfig } = await import('./check-config.ts');
      end(
        await checkConfig({ path, env: context.env, stdout: stdout.stream, stderr: stderr.stream }),
      );
    });

  program
    .command('probe')
    .description('check one server now and print every step')
    .usage('[options] TARGET | -- COMMAND [ARGS...]')
    .argument('[target]', 'configured name or URL')
    .option('-H, --header <header>', "'Name: value' for a URL; repeatable", parseHeaderOption)
    .option(
      '-t, --timeout <duration>',
      'for each of the two checks, for example 5s',
      parseTimeoutOption,
    )
    .option('-c, --config <file>', 'where a name is looked up')
    .option('--json', 'print one JSON document')
    .addHelpText('after', PROBE_HELP)
    .action(async (target: string | undefined, options) => {
      const { probe } = await import('./probe.ts');
      end(await probe({ ...options, target, command }, context));
    });

  program
    .command('healthcheck')
    .description('ask a running service whether it serves')
    .option('--url <url>', `instead of ${HEALTH_URL}`, parseUrlOption)
    .option('-t, --timeout <duration>', 'instead of 5s', parseTimeoutOption)
    .addHelpText('after', HEALTHCHECK_HELP)
    .action(async (options) => {
      const { healthcheck } = await import('./healthcheck.ts');
      end(await healthcheck(options, context));
    });

  program
    .command('stdio')
    .description('stand in for a stdio server: through the gateway, or past it if it is down')
    .argument('<name>', 'configured server')
    .option('-c, --config <file>', 'where the name is looked up')
    .addHelpText('after', STDIO_HELP)
    .action(async (name: string, options) => {
      const { stdio } = await import('./stdio.ts');
      end(await stdio({ ...options, name }, context));
    });

  program
    .command('wrap')
    .description(
      'move the servers of a client’s file into ours and point the client at the gateway',
    )
    .argument('<client-file>', 'such as .mcp.json or claude_desktop_config.json')
    .argument('[names...]', 'only these servers')
    .option('-n, --dry-run', 'show the difference and change nothing')
    .option('-c, --config <file>', 'where the servers go, instead of ./mcp-exporter.yml')
    .addHelpText('after', WRAP_HELP)
    .action(async (file: string, names: string[], options) => {
      const { wrap } = await import('./wrap.ts');
      end(await wrap({ ...options, file, names }, context));
    });

  program
    .command('render')
    .description('print a file for Alertmanager or Prometheus, made of the configuration')
    .addArgument(new Argument('<what>', 'which file').choices(['alertmanager', 'rules'] as const))
    .option('-c, --config <file>', 'instead of the configuration of this directory')
    .option('-o, --output <file>', 'write there instead of printing')
    .addHelpText('after', RENDER_HELP)
    .action(async (what, options) => {
      const { render } = await import('./render.ts');
      end(await render({ ...options, what }, context));
    });

  program
    .command('unwrap')
    .description('put a client’s file back as it was before wrap')
    .argument('<client-file>', 'that was given to wrap')
    .option('-n, --dry-run', 'show the difference and change nothing')
    .option('-c, --config <file>', 'where wrap put the servers, if the file does not tell')
    .addHelpText('after', UNWRAP_HELP)
    .action(async (file: string, options) => {
      const { unwrap } = await import('./unwrap.ts');
      end(await unwrap({ ...options, file }, context));
    });

  return program;
}
