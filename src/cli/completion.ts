import type { CommandUnknownOpts } from '@commander-js/extra-typings';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Word {
  word: string;
  description: string;
}

/** A command and what may follow it: `endpoints`, `endpoints list`; the program itself is the empty path. */
interface Place {
  path: string;
  words: Word[];
}

function placesOf(command: CommandUnknownOpts, path: string[] = []): Place[] {
  const flags = command.options
    .filter(({ hidden, long }) => !hidden && long !== undefined)
    .map(({ long, description }) => ({ word: long ?? '', description }));
  const children = command.commands.map((child) => ({ word: child.name(), description: child.description() }));
  return [
    { path: path.join(' '), words: [...children, ...flags] },
    ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()])),
  ];
}

/** A script for a shell's own completion, made from the commands themselves, so that it never lags behind them. */
export function completionScript(shell: Shell, program: CommandUnknownOpts): string {
  const [root, ...others] = placesOf(program);
  const anywhere = root?.words.filter(({ word }) => word.startsWith('--')) ?? [];
  const places = others.map(({ path, words }) => ({ path, words: [...words, ...anywhere] }));
  return scripts[shell]([...(root === undefined ? [] : [root]), ...places]);
}

/** Words in single quotes, which only a single quote ends. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

// Each script goes through the words before the cursor and follows those that are commands, so that flags, values and
// ids between them do not matter.
const bash = (places: Place[]): string => `# bash completion of spark360: eval "$(spark360 completion bash)"
_spark360_words() {
  case "$1" in
${places.map(({ path, words }) => `    ${quoted(path)}) echo ${quoted(words.map(({ word }) => word).join(' '))} ;;`).join('\n')}
    *) return 1 ;;
  esac
}
_spark360() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    _spark360_words "\${path:+$path }$word" > /dev/null && path="\${path:+$path }$word"
  done
  COMPREPLY=($(compgen -W "$(_spark360_words "$path")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _spark360 spark360
`;

const zsh = (places: Place[]): string => `#compdef spark360
# zsh completion of spark360: spark360 completion zsh > "\${fpath[1]}/_spark360"
_spark360_words() {
  case "$1" in
${places.map(({ path, words }) => `    ${quoted(path)}) reply=(${words.map(described).join(' ')}) ;;`).join('\n')}
    *) return 1 ;;
  esac
}
_spark360() {
  local at="" word
  local -a reply
  for word in "\${(@)words[2,CURRENT-1]}"; do
    _spark360_words "\${at:+$at }$word" && at="\${at:+$at }$word"
  done
  _spark360_words "$at"
  _describe spark360 reply
}
_spark360 "$@"
`;

const described = ({ word, description }: Word): string => quoted(`${word}:${description.replaceAll(':', '\\:')}`);

const fish = (places: Place[]): string => `# fish completion of spark360: spark360 completion fish | source
set -g __spark360_paths ${places.map(({ path }) => quoted(path)).join(' ')}
function __spark360_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    contains -- "$next" $__spark360_paths; and set at $next
  end
  test "$at" = "$argv[1]"
end
complete -c spark360 -f
${places.flatMap(({ path, words }) => words.map((word) => fishLine(path, word))).join('\n')}
`;

const fishLine = (path: string, { word, description }: Word): string => {
  const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
  return `complete -c spark360 -n ${quoted(`__spark360_at "${path}"`)} ${what} -d ${quoted(description)}`;
};

const scripts: Record<Shell, (places: Place[]) => string> = { bash, zsh, fish };
