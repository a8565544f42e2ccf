//! `bank-cli completions`

use clap::Args;
use clap_complete::Shell;

use crate::commands::Context;
use crate::failure::Failure;

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli completions bash > ~/.local/share/bash-completion/completions/bank-cli

WHERE TO:
  bash        ~/.local/share/bash-completion/completions/bank-cli
  zsh         _bank-cli in a directory of $fpath
  fish        ~/.config/fish/completions/bank-cli.fish
  elvish      a file that ~/.config/elvish/rc.elv loads with `use`
  powershell  a file that $PROFILE loads with `. FILE`

A new shell knows them.";

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompletionsArgs {
    /// Shell to complete in
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script; opens nothing.
pub(crate) fn run(args: &CompletionsArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    // The generator panics when it cannot write, and memory is always there.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut (context.program)(), "bank-cli", &mut script);
    if args.shell == Shell::Bash {
        script = with_one_spelling(&script);
    }
    Ok(context.out.write_all(&script)?)
}

/// Spells the hyphen in the program's name alike everywhere: clap_complete 4.6 does not, and nothing would be completed
/// after a command's name (<https://github.com/clap-rs/clap/issues/6421>).
fn with_one_spelling(script: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(script).replace("bank__subcmd__cli", "bank__cli").into_bytes()
}
