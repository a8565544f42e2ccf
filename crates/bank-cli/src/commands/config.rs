//! `bank-cli config`

use std::env;
use std::time::Duration;

use clap::{Args, ColorChoice, Subcommand};
use serde_json::{Value, json};

use crate::args::{ISOLATIONS, Location, ValueSource, location};
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{RecordFormat, SettingRow, log, write_settings};

/// Show the settings and where they come from
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli config show")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

/// An action on the configuration.
#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Show(ShowArgs),
}

/// Show each setting, its value and where the value comes from, without connecting
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli config show --output json")]
struct ShowArgs {
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Shows the settings.
pub(crate) fn run(args: &ConfigArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let ConfigCommand::Show(args) = &args.command;
    let location = Location::find(context.typed_database_url())?;
    let mut rows = vec![
        SettingRow::new("database_url", json!(location.url.to_string()), location.source.clone()),
        connect_timeout(&location, context),
    ];
    rows.extend(connection(context));
    rows.push(color(context));
    let (filter, source) = log::filter(context.global.verbose).unzip();
    let filter = filter.map_or_else(|| "off".to_owned(), |filter| filter.to_string());
    rows.push(SettingRow::new("log", json!(filter), source.unwrap_or(ValueSource::Default)));
    rows.push(data_directory()?);
    rows.push(libpq_variables());
    let object: serde_json::Map<String, Value> = rows.iter().map(|row| (row.name.to_owned(), json!(row))).collect();
    Ok(args.output.write(context.out, &object, |_, out| write_settings(out, &rows, context.terminal))?)
}

fn connect_timeout(location: &Location, context: &Context<'_>) -> SettingRow {
    const NAME: &str = "connect_timeout";
    match location.url.option(NAME) {
        Some(text) => {
            // libpq rejects a value that is not a number.
            let value = text.parse::<i64>().map_or_else(|_| json!(text), |seconds| json!(seconds));
            SettingRow::new(NAME, value, ValueSource::Url { name: NAME.to_owned() })
        }
        None => SettingRow::new(NAME, seconds(context.settings().connection_timeout), ValueSource::Default),
    }
}

fn connection(context: &Context<'_>) -> Vec<SettingRow> {
    let settings = context.settings();
    let isolation = ISOLATIONS.iter().find(|(_, isolation)| *isolation == settings.isolation);
    let values = [
        ("isolation", json!(isolation.map(|(name, _)| name))),
        ("answer_timeout", seconds(settings.answer_timeout)),
        ("statement_timeout", seconds(settings.statement_timeout)),
        ("lock_timeout", seconds(settings.lock_timeout)),
        ("attempts", json!(settings.retry.attempts_max)),
        ("retry_time", seconds(settings.retry.elapsed_max)),
    ];
    values
        .into_iter()
        .map(|(name, value)| SettingRow::new(name, value, context.global.value_sources.get(name)))
        .collect()
}

fn color(context: &Context<'_>) -> SettingRow {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let (value, source) = match context.global.value_sources.get("color") {
        ValueSource::Default if is_set("NO_COLOR") => (ColorChoice::Never, ValueSource::environment("NO_COLOR")),
        source => (context.global.color, source),
    };
    SettingRow::new("color", json!(value.to_string()), source)
}

fn data_directory() -> Result<SettingRow, Failure> {
    let file = location::default_file()?;
    let directory = file.parent().unwrap_or(&file);
    // A relative path in the variable is ignored.
    let variable = env::var_os("XDG_DATA_HOME")
        .filter(|home| directory.starts_with(home) && std::path::Path::new(home).is_absolute());
    let source = variable.map_or(ValueSource::Default, |_| ValueSource::environment("XDG_DATA_HOME"));
    Ok(SettingRow::new("data_directory", json!(directory.display().to_string()), source))
}

/// Lists the names of the variables that libpq reads; their values may be secrets.
fn libpq_variables() -> SettingRow {
    const NAMES: &str = "PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE \
        PGOPTIONS PGAPPNAME PGSSLMODE PGSSLCERT PGSSLKEY PGSSLROOTCERT PGSSLCRL PGSSLNEGOTIATION PGREQUIREAUTH \
        PGCHANNELBINDING PGGSSENCMODE PGTARGETSESSIONATTRS PGCLIENTENCODING";
    let set: Vec<&str> = NAMES.split(' ').filter(|name| env::var_os(name).is_some()).collect();
    let source = set.first().map_or(ValueSource::Default, |_| ValueSource::environment("PG..."));
    SettingRow::new("libpq_variables", json!(set), source)
}

fn seconds(duration: Duration) -> Value {
    json!(duration.as_secs_f64())
}
