//! The program's own help, which groups the commands by purpose.
//!
//! Written by hand, because clap lists all commands under one heading; its own list is hidden.

use clap::Command;
use clap::builder::StyledStr;

use crate::commands::GROUPS;
use crate::output::wrap;

/// The widest line, as in the rest of clap's help.
const WIDTH_MAX: usize = 100;

/// Returns the program with its commands listed by group.
pub(super) fn with_groups(program: Command) -> Command {
    let width = terminal_size::terminal_size().map_or(usize::MAX, |(width, _)| width.0.into());
    let commands = commands(&program, width.min(WIDTH_MAX));
    let template =
        format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{commands}{{all-args}}{{after-help}}");
    program
        .mut_subcommands(|command| command.hide(true))
        // Without a command that is shown, clap would leave <COMMAND> out.
        .override_usage("bank-cli [OPTIONS] <COMMAND>")
        .help_template(StyledStr::from(template))
}

/// Returns the list of commands.
fn commands(program: &Command, width: usize) -> String {
    let (heading_style, name_style) = (program.get_styles().get_header(), program.get_styles().get_literal());
    let column = program.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or_default() + 4;
    let mut text = String::new();
    for (heading, names) in GROUPS {
        text.push_str(&format!("{heading_style}{heading}:{heading_style:#}\n"));
        for command in names.iter().filter_map(|name| program.find_subcommand(name)) {
            let name = command.get_name();
            let gap = " ".repeat(column.saturating_sub(name.len() + 2));
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let about = wrap(&about, width, column);
            text.push_str(&format!("  {name_style}{name}{name_style:#}{gap}{about}\n"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::cli::Cli;
    use super::*;

    #[test]
    fn every_command_is_listed_once_and_under_a_heading() {
        let help = with_groups(Cli::command()).render_help().to_string();
        let before_the_options = help.split("Connection options").next().unwrap_or_default();
        for command in Cli::command().get_subcommands() {
            let line = format!("\n  {} ", command.get_name());
            assert_eq!(before_the_options.matches(&line).count(), 1, "{line:?} in {help}");
        }
        let listed: usize = GROUPS.iter().map(|(_, names)| names.len()).sum();
        assert_eq!(listed, Cli::command().get_subcommands().count(), "every name in the table is a command's");
        assert!(help.contains("Usage: bank-cli [OPTIONS] <COMMAND>\n"), "{help}");
    }
}
