//! The columns of a line, its fields, and the transfer that they ask for.

use std::borrow::Cow;
use std::fmt;

use bank_domain::{AccountName, Decimal, InvalidInput, Memo, TransferId};

use crate::line_group::LineGroup;

/// The columns of a file, and the keys of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The name of the account that pays.
    From,
    /// The name of the account that receives.
    To,
    /// The amount.
    Amount,
    /// The transfer's id; may be left out.
    Id,
    /// The memo; may be left out.
    Memo,
    /// The label of the group; may be left out.
    Group,
}

impl Column {
    /// All columns, in the order in which the documentation names them.
    pub(crate) const ALL: [Self; 6] = [Self::From, Self::To, Self::Amount, Self::Id, Self::Memo, Self::Group];
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "from",
            Self::To => "to",
            Self::Amount => "amount",
            Self::Id => "id",
            Self::Memo => "memo",
            Self::Group => "group",
        })
    }
}

/// The texts of a line's fields. An empty id, memo or group counts as left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields<'a> {
    pub(crate) from: Cow<'a, str>,
    pub(crate) to: Cow<'a, str>,
    pub(crate) amount: Cow<'a, str>,
    pub(crate) id: Cow<'a, str>,
    pub(crate) memo: Cow<'a, str>,
    pub(crate) group: Cow<'a, str>,
}

/// A valid transfer between names, before their accounts are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedTransfer {
    pub(crate) from: AccountName,
    pub(crate) to: AccountName,
    /// Before its currency is known, which is that of the account that pays.
    pub(crate) amount: Decimal,
    pub(crate) memo: Option<Memo>,
}

impl Fields<'_> {
    /// Returns the group, or what is wrong with its label, which follows the rules of memos.
    pub(crate) fn group(&self) -> Result<LineGroup, (Column, InvalidInput)> {
        if self.group.is_empty() {
            return Ok(LineGroup::None);
        }
        let label = Memo::new(&*self.group).map_err(|reason| (Column::Group, reason))?;
        Ok(LineGroup::Labelled(label.as_str().into()))
    }

    /// Returns the transfer and the line's id, or the first column that is wrong.
    pub(crate) fn parse(self) -> Result<(NamedTransfer, Option<TransferId>), (Column, InvalidInput)> {
        let at = |column: Column| move |reason: InvalidInput| (column, reason);
        let named = NamedTransfer {
            from: AccountName::new(self.from).map_err(at(Column::From))?,
            to: AccountName::new(self.to).map_err(at(Column::To))?,
            amount: self.amount.parse().and_then(Decimal::positive).map_err(at(Column::Amount))?,
            memo: non_empty(self.memo).map(Memo::new).transpose().map_err(at(Column::Memo))?,
        };
        let new_id = |text: Cow<'_, str>| text.parse().and_then(TransferId::for_new_transfer);
        let id = non_empty(self.id).map(new_id).transpose().map_err(at(Column::Id))?;
        Ok((named, id))
    }
}

fn non_empty(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'a>(amount: &'a str, id: &'a str, memo: &'a str) -> Fields<'a> {
        let [amount, id, memo] = [amount, id, memo].map(Cow::Borrowed);
        Fields { from: "Jessica".into(), to: "John".into(), amount, id, memo, group: "".into() }
    }

    #[test]
    fn an_empty_id_or_memo_counts_as_left_out() {
        let (named, id) = fields("8", "", "").parse().unwrap();
        assert_eq!((named.memo, id), (None, None));
        let (named, id) = fields("8", "019b76da-a800-7000-8000-000000000001", "rent").parse().unwrap();
        assert!(named.memo.is_some() && id.is_some());
    }

    #[test]
    fn the_first_wrong_column_is_named() {
        assert_eq!(fields("x", "", "").parse().unwrap_err().0, Column::Amount);
        assert_eq!(fields("8", "42", "").parse().unwrap_err().0, Column::Id);
        assert_eq!(fields("8", "00000000-0000-0000-0000-000000000000", "").parse().unwrap_err().0, Column::Id);
        assert_eq!(fields("8", "", " ").parse().unwrap_err().0, Column::Memo);
        assert_eq!(Fields::default().parse().unwrap_err().0, Column::From);
    }
}
