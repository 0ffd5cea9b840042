import type { CommandWords, OptionWords } from './describe-commands.ts';

export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

/** Prints one name a line; its error output is of no use while somebody types. */
const LIST_SERVERS = 'mcp-exporter status --names 2>/dev/null';

/** A script that makes `shell` complete the command line of `program`. */
export function writeCompletion(shell: CompletionShell, program: CommandWords): string {
  switch (shell) {
    case 'bash':
      return writeBash(program);
    case 'zsh':
      return writeZsh(program);
    case 'fish':
      return writeFish(program);
  }
}

/** Every command with the words that lead to it: `''`, `alert`, `alert test`. */
function flatten(
  command: CommandWords,
  path: readonly string[] = [],
): readonly (readonly [string, CommandWords])[] {
  const below = command.commands.flatMap((inner) => flatten(inner, [...path, inner.name]));
  return [[path.join(' '), command], ...below];
}

function namesOf(commands: readonly CommandWords[]): string {
  return commands.map(({ name }) => name).join(' ');
}

function writeBash(program: CommandWords): string {
  const cases = flatten(program).map(([path, command]) => {
    const flags = command.options.flatMap((option) => option.flags).join(' ');
    const words = Array.isArray(command.values) ? command.values.join(' ') : '';
    const kind = typeof command.values === 'string' ? command.values : 'words';
    const withValue = (takes: 'file' | 'text') =>
      command.options
        .filter((option) => option.takes === takes)
        .flatMap((option) => option.flags)
        .join(' ');
    return `    '${path}') options='${flags}' words='${[namesOf(command.commands), words].join(' ').trim()}' kind=${kind} files='${withValue('file')}' texts='${withValue('text')}' ;;`;
  });
  return `# bash completion for mcp-exporter
_mcp_exporter() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= options= words= kind= files= texts= index word skip=
  _mcp_exporter_describe ''
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ -n $skip ]]; then skip=; continue; fi
    case " $files $texts " in *" $word "*) skip=1; continue ;; esac
    case " $words " in *" $word "*) if [[ $kind == words ]]; then path=\${path:+$path }$word; _mcp_exporter_describe "$path"; fi ;; esac
  done
  COMPREPLY=()
  if [[ -n $skip ]]; then
    case " $files " in *" \${COMP_WORDS[COMP_CWORD-1]} "*) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;; esac
    return
  fi
  if [[ $current == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current"); return; fi
  case $kind in
    server) mapfile -t COMPREPLY < <(compgen -W "$(${LIST_SERVERS})" -- "$current") ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
  esac
}
_mcp_exporter_describe() {
  case $1 in
${cases.join('\n')}
    *) words= kind=none ;;
  esac
}
complete -o filenames -F _mcp_exporter mcp-exporter
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function writeZsh(program: CommandWords): string {
  const functions = flatten(program).map(([path, command]) => {
    const name = `_mcp-exporter${path === '' ? '' : `_${path.replaceAll(' ', '_')}`}`;
    const lines = [...command.options.flatMap(zshOption), ...zshArguments(command)];
    const rest =
      command.commands.length === 0
        ? ''
        : `
  case $state in
    command) local -a commands=(${command.commands.map((inner) => quote(`${inner.name}:${inner.description}`)).join(' ')}); _describe command commands ;;
    rest) case $words[1] in ${command.commands.map((inner) => `${inner.name}) ${name}_${inner.name} ;;`).join(' ')} esac ;;
  esac`;
    return `${name}() {
  local state line
  _arguments -C \\
    ${lines.join(' \\\n    ')}${rest}
}`;
  });
  return `#compdef mcp-exporter
_mcp-exporter-servers() {
  local -a servers=(\${(f)"$(${LIST_SERVERS})"})
  _describe server servers
}
${functions.join('\n')}
compdef _mcp-exporter mcp-exporter
`;
}

function zshOption({ flags, description, takes }: OptionWords): readonly string[] {
  const value = takes === undefined ? '' : takes === 'file' ? ':file:_files' : ':value:';
  const text = description.replaceAll(/[[\]:]/g, String.raw`\$&`);
  return flags.map((flag) => quote(`${flag}[${text}]${value}`));
}

function zshArguments({ values, commands }: CommandWords): readonly string[] {
  if (commands.length > 0) return [quote('1:command:->command'), quote('*::arguments:->rest')];
  if (values === 'server') return [quote('1:server:_mcp-exporter-servers')];
  if (values === 'file') return [quote('1:file:_files')];
  return values.length === 0 ? [] : [quote(`1:value:(${values.join(' ')})`)];
}

/** In single quotes, fish reads a backslash before a quote. */
function quoteForFish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

function writeFish(program: CommandWords): string {
  const lines = flatten(program).flatMap(([path, command]) => {
    const steps = path === '' ? [] : path.split(' ');
    const seen = steps.map((step) => `__fish_seen_subcommand_from ${step}`);
    const inner = command.commands.map(({ name }) => name);
    const fresh =
      inner.length === 0 ? seen : [...seen, `not __fish_seen_subcommand_from ${inner.join(' ')}`];
    const here = `-n ${quoteForFish(fresh.length === 0 ? 'true' : fresh.join('; and '))}`;
    const always = `-n ${quoteForFish(seen.length === 0 ? '__fish_use_subcommand' : seen.join('; and '))}`;
    return [
      ...command.commands.map(
        ({ name, description }) => `${here} -f -a ${name} -d ${quoteForFish(description)}`,
      ),
      ...command.options.map((option) => `${always} ${fishOption(option)}`),
      ...fishValues(command, here),
    ];
  });
  return `# fish completion for mcp-exporter
${lines.map((line) => `complete -c mcp-exporter ${line}`).join('\n')}
`;
}

function fishOption({ flags, description, takes }: OptionWords): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const value = takes === undefined ? '' : takes === 'file' ? ' -r -F' : ' -x';
  return `${names.join(' ')}${value} -d ${quoteForFish(description)}`;
}

function fishValues({ values, commands }: CommandWords, here: string): readonly string[] {
  if (commands.length > 0 || values === 'file') return [];
  if (values === 'server') return [`${here} -f -a ${quoteForFish(`(${LIST_SERVERS})`)}`];
  return values.length === 0 ? [`${here} -f`] : [`${here} -f -a ${quoteForFish(values.join(' '))}`];
}
