//! JSON lines: one object a line, with the names of the columns as its keys.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fields::Fields;
use crate::malformed::{Malformed, excerpt};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    /// The text as it is written: a float would lose digits.
    #[serde(borrow)]
    amount: &'a RawValue,
    id: Option<String>,
    memo: Option<String>,
    group: Option<String>,
}

/// Returns the fields of a line.
pub(crate) fn fields(line: &str) -> Result<Fields<'_>, Malformed> {
    // serde would also accept an array of the right length.
    if !line.trim_start().starts_with('{') {
        return Err(Malformed::NotAnObject);
    }
    let Object { from, to, amount, id, memo, group } = serde_json::from_str(line).map_err(malformed)?;
    let amount = match amount.get() {
        text if text.starts_with('"') => serde_json::from_str(text).map_err(malformed)?,
        text if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => Cow::Borrowed(text),
        _ => return Err(Malformed::AmountType),
    };
    let [id, memo, group] = [id, memo, group].map(|text| Cow::Owned(text.unwrap_or_default()));
    Ok(Fields { from, to, amount, id, memo, group })
}

/// Returns the object with this id, or `None` if the line is no object or may have a key for ids.
pub(crate) fn with_id(line: &str, id: &str) -> Option<String> {
    let before = line.len().saturating_sub(line.trim_start().len());
    let rest = line[before..].strip_prefix('{')?;
    if rest.contains("\"id\"") {
        return None;
    }
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    Some(format!("{}{{\"id\":\"{id}\"{comma}{rest}", &line[..before]))
}

/// The library's text ends with a line number, which is always 1, and the column, which is known apart.
fn malformed(error: serde_json::Error) -> Malformed {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let problem = text.strip_suffix(&position).unwrap_or(&text);
    Malformed::Json(error.column(), excerpt(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(line: &str) -> String {
        fields(line).unwrap_err().to_string()
    }

    #[test]
    fn an_amount_is_a_number_or_a_string() {
        for amount in ["800", "\"800\"", "\"\\u0038\\u00300\""] {
            let line = format!(r#" {{"amount": {amount}, "to": "John", "from": "J\u00e9", "memo": null}} "#);
            let fields = fields(&line).unwrap();
            assert_eq!((&*fields.amount, &*fields.from, &*fields.memo, &*fields.id), ("800", "Jé", "", ""));
        }
    }

    #[test]
    fn an_amount_keeps_every_digit() {
        for amount in ["9223372036854775807", "9223372036854775808", "1.0", "1e3"] {
            let line = format!(r#"{{"from":"a","to":"b","amount":{amount}}}"#);
            assert_eq!(&*fields(&line).unwrap().amount, amount);
        }
    }

    #[test]
    fn a_malformed_line_is_named_by_its_column() {
        assert_eq!(reason(r#"{"from":"a","to":"b"}"#), "column 21: missing field `amount`");
        assert_eq!(reason("nonsense"), "column 1: not a JSON object");
        assert_eq!(reason(r#"["a","b",1,null,null]"#), "column 1: not a JSON object");
        assert_eq!(reason(r#"{"from":"a","to":"b","amount":true}"#), "key amount: neither a number nor a string");
        assert!(reason(r#"{"from":"a","to":"b","amount":1,"note":""}"#).contains("unknown field `note`"));
        assert!(reason(r#"{"from":"a","from":"b","to":"b","amount":1}"#).contains("duplicate field `from`"));
        assert!(reason(r#"{"from":"a","to":"b","amount":1} x"#).contains("trailing characters"));
        assert!(reason(r#"{"from":1,"to":"b","amount":1}"#).contains("expected a string"));
    }
}
