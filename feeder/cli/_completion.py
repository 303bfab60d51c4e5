"""What a shell completes: scripts for bash, zsh and fish, written from the commands as they are. At a Tab no Python is started.

A script knows every command, its options and what each takes: one of some words, a folder, files with some suffixes. Where a shell has its
own way to say so, that is used: `_arguments` in zsh, `complete` in fish; in bash a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from feeder.cli._around import Suffixed
from feeder.cli._shape import command

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["completion"]


@command(
    examples=(
        ("feeder completion bash", 'in ~/.bashrc: eval "$(feeder completion bash)"'),
        ("feeder completion zsh", 'in ~/.zshrc, below compinit: eval "$(feeder completion zsh)"'),
        ("feeder completion fish", "once: feeder completion fish > ~/.config/fish/completions/feeder.fish"),
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what has a shell complete feeder's words.

    Commands, options and files: .toml for --config, articles for explain. bash and zsh read it whenever they start, so that it is always
    that of the feeder which is installed.
    """
    nodes = [*_nodes(ctx.find_root())]
    click.echo({"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](nodes), nl=False)


# -- what there is to complete ------------------------------------------------------------------------------------------------


class Takes(NamedTuple):
    """What an option or an argument takes: one of these words, folders, files with these suffixes ("": any); or what nobody can guess."""

    words: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    folders: bool = False
    many: bool = False


class Choice(NamedTuple):
    """An option: its names, what it is good for, and what it takes, if it takes anything."""

    names: tuple[str, ...]
    help: str
    takes: Takes | None


class Node(NamedTuple):
    """A command by its words behind `feeder`; the commands below it, if it is a group."""

    path: tuple[str, ...]
    help: str
    options: tuple[Choice, ...]
    arguments: tuple[Takes, ...]
    below: tuple[tuple[str, str], ...]


def _nodes(ctx: click.Context, path: tuple[str, ...] = ()) -> Iterator[Node]:
    command, params = ctx.command, ctx.command.get_params(ctx)
    options = tuple(
        Choice((*p.opts, *p.secondary_opts), (p.help or "").rstrip("."), None if p.is_flag else _takes(p))
        for p in params
        if isinstance(p, click.Option) and not p.hidden
    )
    arguments = tuple(_takes(p) for p in params if isinstance(p, click.Argument))
    below = command.commands if isinstance(command, click.Group) else {}
    yield Node(path, _first(command), options, arguments, tuple((name, _first(other)) for name, other in below.items() if not other.hidden))
    for name, other in below.items():
        yield from _nodes(click.Context(other, ctx, name, help_option_names=ctx.help_option_names), (*path, name))


def _first(command: click.Command) -> str:
    return (command.help or "").partition("\n")[0].rstrip(".")


def _takes(param: click.Parameter) -> Takes:
    many, kind = param.nargs != 1, param.type
    if isinstance(kind, click.Choice):
        return Takes(words=tuple(map(str, kind.choices)), many=many)
    if isinstance(kind, Suffixed):
        return Takes(suffixes=kind.suffixes, many=many)
    if isinstance(kind, click.File) or (isinstance(kind, click.Path) and kind.file_okay):
        return Takes(suffixes=("",), many=many)
    return Takes(folders=isinstance(kind, click.Path), many=many)


# -- bash ---------------------------------------------------------------------------------------------------------------------

_BASH = r"""# feeder's words for bash 4 and newer. In ~/.bashrc: eval "$(feeder completion bash)"
_feeder_files() {  # folders, and files whose names end so
    local file suffix
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    while IFS= read -r file; do
        [[ -d $file ]] && continue
        for suffix in "$@"; do
            [[ $file == *"$suffix" ]] && COMPREPLY+=("$file") && break
        done
    done < <(compgen -f -- "$cur")
}
_feeder_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}
_feeder() {
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at='' word
    COMPREPLY=()
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    cur=${cur#[\"\']}
    cur=${cur//\\/}
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
            %(paths)s) at="$at $word" ;;
        esac
    done
    case "$at $before" in
%(values)s
    esac
    if [[ $cur == -* ]]; then
        case "$at" in
%(options)s
        esac
        return
    fi
    case "$at" in
%(arguments)s
    esac
}
complete -F _feeder feeder
"""


def _bash(nodes: list[Node]) -> str:
    values = [
        f"        {'|'.join(_quoted(_at(n.path, name)) for name in o.names)}) {_bash_takes(o.takes)}; return ;;"
        for n in nodes
        for o in n.options
        if o.takes
    ]
    options = [f"            {_quoted(_at(n.path))}) _feeder_words {_quoted(' '.join(x for o in n.options for x in o.names))} ;;" for n in nodes]
    arguments = [f"        {_quoted(_at(n.path))}) {told} ;;" for n in nodes if (told := _bash_arguments(n))]
    paths = "|".join(_quoted(_at(n.path)) for n in nodes if n.path)
    return _BASH % {"paths": paths, "values": "\n".join(values), "options": "\n".join(options), "arguments": "\n".join(arguments)}


def _at(path: tuple[str, ...], *more: str) -> str:
    return "".join(f" {word}" for word in (*path, *more))


def _bash_arguments(node: Node) -> str:
    if node.below:
        return f"_feeder_words {_quoted(' '.join(name for name, _ in node.below))}"
    return _bash_takes(node.arguments[0]) if node.arguments else ""


def _bash_takes(takes: Takes) -> str:
    if takes.words:
        return f"_feeder_words {_quoted(' '.join(takes.words))}"
    return f"_feeder_files {' '.join(map(_quoted, takes.suffixes))}".rstrip() if takes.folders or takes.suffixes else ":"


def _quoted(said: str) -> str:
    """For a shell, always in quotes."""
    return "'" + said.replace("'", "'\\''") + "'"


# -- zsh ----------------------------------------------------------------------------------------------------------------------

_ZSH = r"""#compdef feeder
# feeder's words for zsh. In ~/.zshrc, below compinit: eval "$(feeder completion zsh)"
%(functions)s
if [[ $funcstack[1] == _feeder ]]; then
    _feeder "$@"
else
    compdef _feeder feeder
fi
"""


def _zsh(nodes: list[Node]) -> str:
    return _ZSH % {"functions": "\n".join(map(_zsh_function, nodes))}


def _zsh_function(node: Node) -> str:
    specs = [_zsh_option(option) for option in node.options]
    if not node.below:
        specs += [_quoted(f"{'*' if takes.many else ''}:{_zsh_takes(takes)}") for takes in node.arguments]
        return f"{_zsh_name(node.path)}() {{\n    _arguments -s {' '.join(specs)}\n}}"
    names = " ".join(_quoted(f"{name}:{told}") for name, told in node.below)
    cases = "\n".join(f"        {name}) {_zsh_name((*node.path, name))} ;;" for name, _ in node.below)
    return (
        f"{_zsh_name(node.path)}() {{\n    local -a commands=({names})\n    local context state state_descr line\n    typeset -A opt_args\n"
        f"    _arguments -s -C {' '.join(specs)} '1: :->command' '*:: :->rest'\n"
        f"    [[ $state == command ]] && _describe command commands\n    [[ $state == rest ]] && case $words[1] in\n{cases}\n    esac\n}}"
    )


def _zsh_name(path: tuple[str, ...]) -> str:
    return "_feeder" + "".join(f"_{name}" for name in path)


def _zsh_option(option: Choice) -> str:
    told = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    takes = f":{_zsh_takes(option.takes)}" if option.takes else ""
    tried = [f"{name}{'=' if name.startswith('--') else '+'}" if option.takes else name for name in option.names]
    names = f"{{{','.join(tried)}}}" if len(tried) > 1 else tried[0]
    others = _quoted(f"({' '.join(option.names)})")
    return others + names + _quoted(f"[{told}]{takes}")


def _zsh_takes(takes: Takes) -> str:
    """A message and an action."""
    if takes.words:
        return f"one of:({' '.join(takes.words)})"
    if takes.suffixes:
        ends = "|".join(takes.suffixes)
        return f'file:_path_files -g "*({ends})(-.) *(-/)"' if ends else "file:_files"
    return "folder:_files -/" if takes.folders else "value:"


# -- fish ---------------------------------------------------------------------------------------------------------------------

_FISH = r"""# feeder's words for fish. Once: feeder completion fish > ~/.config/fish/completions/feeder.fish
function __feeder_at
    set -l at ''
    for word in (commandline -opc)[2..]
        if contains -- "$at $word" %(paths)s
            set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
function __feeder_files
    for name in (__fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' ''))
        set -l file (string split -f1 \t -- $name)
        if string match -q -- '*/' $file
            echo $file
            continue
        end
        for suffix in $argv
            string match -q -- "*$suffix" $file; and echo $file
        end
    end
end
complete -c feeder -e
complete -c feeder -f
%(lines)s
"""


def _fish(nodes: list[Node]) -> str:
    lines = [line for node in nodes for line in _fish_lines(node)]
    return _FISH % {"paths": " ".join(_quoted(_at(node.path)) for node in nodes if node.path), "lines": "\n".join(lines)}


def _fish_lines(node: Node) -> Iterator[str]:
    here = f"complete -c feeder -n {_fish_quoted(f'__feeder_at {_fish_quoted(_at(node.path))}')}"
    for name, told in node.below:
        yield f"{here} -a {name} -d {_fish_quoted(told)}"
    for option in node.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        takes = f" -x{_fish_takes(option.takes)}" if option.takes else ""
        yield f"{here} {names}{takes} -d {_fish_quoted(option.help)}"
    if not node.below and node.arguments and (takes := _fish_takes(node.arguments[0])):
        yield f"{here}{takes}"


def _fish_takes(takes: Takes) -> str:
    if takes.words:
        return f" -a {_fish_quoted(' '.join(takes.words))}"
    if takes.suffixes or takes.folders:
        files = " ".join(_fish_quoted(suffix) for suffix in takes.suffixes)
        return f" -a {_fish_quoted(f'(__feeder_files {files})')}"
    return ""


def _fish_quoted(said: str) -> str:
    return "'" + said.replace("\\", "\\\\").replace("'", "\\'") + "'"
