//! How a currency is printed.

use std::io::{self, Write};

use bank_domain::Currency;
use serde::Serialize;

use super::rows::Row;
use super::table::Column;

/// A currency as it is printed.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CurrencyRow {
    code: String,
    scale: i16,
}

impl From<Currency> for CurrencyRow {
    fn from(currency: Currency) -> Self {
        Self { code: currency.code.to_string(), scale: currency.scale.get() }
    }
}

impl Row for CurrencyRow {
    const TABLE: &'static [Column] = &[Column::Text("code"), Column::Number("scale")];

    fn table_cells(&self) -> Vec<String> {
        vec![self.code.clone(), self.scale.to_string()]
    }

    fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "code = {}, scale = {}", self.code, self.scale)
    }
}
