//! `bank-cli completions`

use clap::Args;
use clap_complete::Shell;

use crate::commands::Context;
use crate::failure::Failure;

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli completions bash > ~/.local/share/bash-completion/completions/bank-cli

WHERE TO PUT THEM:
  bash        ~/.local/share/bash-completion/completions/bank-cli
  zsh         _bank-cli in a directory of $fpath
  fish        ~/.config/fish/completions/bank-cli.fish
  elvish      a file that ~/.config/elvish/rc.elv loads with `use`
  powershell  a file that $PROFILE loads with `. FILE`

Restart your shell to use them.";

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompletionsArgs {
    /// Shell that is to complete
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script; opens no database.
pub(crate) fn run(args: &CompletionsArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    // The generator panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut (context.program)(), "bank-cli", &mut script);
    if args.shell == Shell::Bash {
        script = with_one_spelling(&script);
    }
    Ok(context.out.write_all(&script)?)
}

/// Writes the hyphen in the program's name the same way everywhere. clap_complete 4.6 does not, so that bash would complete
/// nothing after a command's name (<https://github.com/clap-rs/clap/issues/6421>).
fn with_one_spelling(script: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(script).replace("bank__subcmd__cli", "bank__cli").into_bytes()
}
