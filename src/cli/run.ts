import { Argument, Command, CommanderError } from 'commander';
import { VERSION } from '../app/version.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import type { AddCommand, CommandRun } from './command-run.ts';
import {
  HEALTHCHECK_HELP,
  LOGIN_HELP,
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
  parsePortOption,
  parseTimeoutOption,
  parseUrlOption,
} from './parse-options.ts';
import { addMaintenance } from './maintenance-commands.ts';
import {
  addAlert,
  addCheck,
  addCompletion,
  addDisable,
  addEnable,
  addRestart,
  addStatus,
} from './service-commands.ts';

/**
 * Runs one command line in this process.
 * @param argv without the program's name
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

/** Commander drops the `--` that separates a command from a name, so the arguments are split first. */
function splitCommand(argv: readonly string[]): { words: string[]; command: string[] } {
  const at = argv.indexOf('--');
  if (at === -1 || argv[0] !== 'probe') return { words: [...argv], command: [] };
  return { words: argv.slice(0, at), command: argv.slice(at + 1) };
}

/** `mcp-exporter` alone, or with options of `serve`, means `serve`. */
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
  for (const add of COMMANDS) add(program, { context, command, end });
  return program;
}

/** In the order of `--help`. Each command is loaded when it runs. */
const COMMANDS: readonly AddCommand[] = [
  addServe,
  addCheckConfig,
  addProbe,
  addStatus,
  addCheck,
  addRestart,
  addDisable,
  addEnable,
  addAlert,
  addMaintenance,
  addLogin,
  addHealthcheck,
  addStdio,
  addWrap,
  addRender,
  addUnwrap,
  addCompletion,
];

function addServe(program: Command, { context, end }: CommandRun): void {
  program
    .command('serve')
    .description('monitor the servers and serve metrics, pages and the API (the default)')
    .option('-c, --config <file>', 'configuration file, or the file of an MCP client')
    .option('-l, --listen <host:port>', 'overrides listen: of the configuration', parseListenOption)
    .option('--log-level <level>', 'overrides log.level of the configuration', parseLogLevelOption)
    .addHelpText('after', SERVE_HELP)
    .action(async (options) => {
      const { serve } = await import('./serve.ts');
      end(await serve(options, context));
    });
}

function addCheckConfig(program: Command, { context, end }: CommandRun): void {
  const { env, stdout, stderr } = context;
  program
    .command('check-config')
    .description('list what would be monitored, or every mistake in the configuration')
    .argument('[file]', 'instead of the configuration in the working directory')
    .option('-c, --config <file>', 'the same as the argument')
    .option('--json', 'print one JSON document with the servers, mistakes and warnings')
    .action(async (file: string | undefined, { config, json }, command) => {
      if (file !== undefined && config !== undefined)
        command.error('error: give the file either as argument or with --config, not both');
      const path = file ?? config;
      const { checkConfig } = await import('./check-config.ts');
      end(await checkConfig({ path, json, env, stdout: stdout.stream, stderr: stderr.stream }));
    });
}

function addProbe(program: Command, { context, command, end }: CommandRun): void {
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
    .option('-c, --config <file>', 'configuration file in which to look up the name')
    .option('--json', 'print one JSON document')
    .addHelpText('after', PROBE_HELP)
    .action(async (target: string | undefined, options) => {
      const { probe } = await import('./probe.ts');
      end(await probe({ ...options, target, command }, context));
    });
}

function addLogin(program: Command, { context, end }: CommandRun): void {
  program
    .command('login')
    .description('log in to a server with OAuth, so that the service can check it')
    .argument('<name>', 'configured server')
    .option('-c, --config <file>', 'configuration file in which to look up the name')
    .option('--no-browser', 'only print the address; for a machine without a browser')
    .option(
      '--port <port>',
      'port of the redirect to this machine, if it is registered',
      parsePortOption,
    )
    .addHelpText('after', LOGIN_HELP)
    .action(async (name: string, options) => {
      const { login } = await import('./login.ts');
      end(await login({ ...options, name }, context));
    });
}

function addHealthcheck(program: Command, { context, end }: CommandRun): void {
  program
    .command('healthcheck')
    .description('ask a running service whether it is up')
    .option('--url <url>', 'instead of the address in the configuration', parseUrlOption)
    .option(
      '-c, --config <file>',
      'the configuration of the service, instead of the one in the working directory',
    )
    .option('-t, --timeout <duration>', 'instead of 5s', parseTimeoutOption)
    .addHelpText('after', HEALTHCHECK_HELP)
    .action(async (options) => {
      const { healthcheck } = await import('./healthcheck.ts');
      end(await healthcheck(options, context));
    });
}

function addStdio(program: Command, { context, end }: CommandRun): void {
  program
    .command('stdio')
    .description('replace a stdio server: through the gateway, or directly if the gateway is down')
    .argument('<name>', 'configured server')
    .option('-c, --config <file>', 'configuration file in which to look up the name')
    .addHelpText('after', STDIO_HELP)
    .action(async (name: string, options) => {
      const { stdio } = await import('./stdio.ts');
      end(await stdio({ ...options, name }, context));
    });
}

function addWrap(program: Command, { context, end }: CommandRun): void {
  program
    .command('wrap')
    .description(
      'move the servers of a client file into our configuration and point the client at the gateway',
    )
    .argument('<client-file>', 'such as .mcp.json or claude_desktop_config.json')
    .argument('[names...]', 'only these servers')
    .option('-n, --dry-run', 'show the difference and change nothing')
    .option('-c, --config <file>', 'where the servers go, instead of ./mcp-exporter.yml')
    .option('--include-oauth', 'also servers that want OAuth, without asking them')
    .addHelpText('after', WRAP_HELP)
    .action(async (file: string, names: string[], options) => {
      const { wrap } = await import('./wrap.ts');
      end(await wrap({ ...options, file, names }, context));
    });
}

function addRender(program: Command, { context, end }: CommandRun): void {
  program
    .command('render')
    .description('print a file for Alertmanager or Prometheus, generated from the configuration')
    .addArgument(new Argument('<what>', 'which file').choices(['alertmanager', 'rules'] as const))
    .option('-c, --config <file>', 'instead of the configuration in the working directory')
    .option('-o, --output <file>', 'write to this file instead of standard output')
    .addHelpText('after', RENDER_HELP)
    .action(async (what, options) => {
      const { render } = await import('./render.ts');
      end(await render({ ...options, what }, context));
    });
}

function addUnwrap(program: Command, { context, end }: CommandRun): void {
  program
    .command('unwrap')
    .description('restore a client file to what it was before wrap')
    .argument('<client-file>', 'the file that was given to wrap')
    .option('-n, --dry-run', 'show the difference and change nothing')
    .option('-c, --config <file>', 'where wrap put the servers, if the client file does not say')
    .addHelpText('after', UNWRAP_HELP)
    .action(async (file: string, options) => {
      const { unwrap } = await import('./unwrap.ts');
      end(await unwrap({ ...options, file }, context));
    });
}
