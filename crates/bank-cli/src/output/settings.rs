//! How settings are printed.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::table::{Column, TableWriter};
use super::terminal::Terminal;
use crate::args::ValueSource;

/// A setting, its value and where the value comes from. Durations are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct SettingRow {
    #[serde(skip)]
    pub(crate) name: &'static str,
    value: Value,
    #[serde(flatten)]
    source: ValueSource,
}

impl SettingRow {
    /// Returns a row.
    pub(crate) fn new(name: &'static str, value: Value, source: ValueSource) -> Self {
        Self { name, value, source }
    }

    fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) if self.name.ends_with("_timeout") || self.name == "retry_time" => {
                format!("{} s", number.as_f64().unwrap_or_default())
            }
            Value::Array(values) if values.is_empty() => "none".to_owned(),
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        }
    }
}

/// Prints settings as a table.
pub(crate) fn write_settings(out: &mut dyn Write, rows: &[SettingRow], terminal: Terminal) -> io::Result<()> {
    const COLUMNS: &[Column] = &[Column::Text("setting"), Column::Text("value"), Column::Text("from")];
    let mut table = TableWriter::new(out, COLUMNS, terminal);
    for row in rows {
        table.write(vec![row.name.replace('_', "-"), row.text(), row.source.to_string()])?;
    }
    table.finish()
}
