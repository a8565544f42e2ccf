//! The table `transfers`: the journal.

use bank_db::sql_types::{StoredTime, StoredUuid, Uuid};
use bank_domain::{
    AccountId, AccountVersion, Amount, Balance, Entry, GroupId, InvalidInput, Memo, PostedTransfer, Transfer,
    TransferId, TransferKind,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;

use crate::error::BankError;
use crate::schema::transfers;

/// Declares the row with its columns, all but the last, `posted_at`, which each way of writing fills as it is cheapest. The
/// table has further columns, which are null in all rows that this program writes.
macro_rules! transfer_row {
    ($($column:ident: $type:ty => $sql_type:ty,)*) => {
        /// A row of the table.
        #[derive(Clone, Debug, Queryable, Selectable, Insertable)]
        #[diesel(table_name = transfers, treat_none_as_default_value = false)]
        pub(crate) struct TransferRow {
            $(pub(crate) $column: $type,)*
            pub(crate) posted_at: StoredTime,
        }

        impl TransferRow {
            /// The names of all columns but `posted_at`, each followed by a comma.
            const NAMES: &str = concat!($(stringify!($column), ", "),*);

            /// Writes the row's values to a statement, all but `posted_at`, each followed by a comma.
            pub(crate) fn push_values<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                $(
                    out.push_bind_param::<$sql_type, _>(&self.$column)?;
                    out.push_sql(", ");
                )*
                Ok(())
            }
        }

        /// Rows as one array for each column but `posted_at`, the form in which servers take many of them.
        #[derive(Default)]
        pub(crate) struct TransferColumns {
            $($column: Vec<$type>,)*
        }

        impl TransferColumns {
            /// Writes the arrays to a statement, so that the planner sees no more than their types.
            pub(crate) fn push_arrays<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                $(
                    out.push_sql(if stringify!($column) == "id" { "(SELECT " } else { ", (SELECT " });
                    out.push_bind_param::<Array<$sql_type>, _>(&self.$column)?;
                    out.push_sql(")");
                )*
                Ok(())
            }
        }

        impl FromIterator<TransferRow> for TransferColumns {
            fn from_iter<I: IntoIterator<Item = TransferRow>>(rows: I) -> Self {
                let mut columns = Self::default();
                for row in rows {
                    $(columns.$column.push(row.$column);)*
                }
                columns
            }
        }
    };
}

transfer_row! {
    id: StoredUuid => Uuid,
    from_account_id: i64 => BigInt,
    to_account_id: i64 => BigInt,
    amount: i64 => BigInt,
    from_version: i64 => BigInt,
    to_version: Option<i64> => Nullable<BigInt>,
    from_balance_after: i64 => BigInt,
    to_balance_after: Option<i64> => Nullable<BigInt>,
    memo: Option<String> => Nullable<Text>,
    kind: i16 => SmallInt,
    related_id: Option<StoredUuid> => Nullable<Uuid>,
    group_id: Option<StoredUuid> => Nullable<Uuid>,
}

impl TransferRow {
    /// Writes the names of all columns.
    pub(crate) fn push_names<DB: diesel::backend::Backend>(out: &mut AstPass<'_, '_, DB>) {
        out.push_sql(Self::NAMES);
        out.push_sql("posted_at");
    }

    /// Returns the row of a transfer that was posted at this time.
    pub(crate) fn new(posted: &PostedTransfer, posted_at: StoredTime) -> Self {
        let PostedTransfer { transfer, debit, credit } = posted;
        Self {
            id: StoredUuid(transfer.id.as_uuid()),
            from_account_id: transfer.from.get(),
            to_account_id: transfer.to.get(),
            amount: transfer.amount.get(),
            from_version: debit.version.get(),
            to_version: Some(credit.version.get()),
            from_balance_after: debit.balance_after.get(),
            to_balance_after: Some(credit.balance_after.get()),
            memo: transfer.memo.as_ref().map(|memo| memo.as_str().to_owned()),
            kind: stored_kind(transfer.kind()),
            related_id: transfer.kind().related().map(|id| StoredUuid(id.as_uuid())),
            group_id: transfer.group().map(|id| StoredUuid(id.as_uuid())),
            posted_at,
        }
    }
}

impl TryFrom<TransferRow> for PostedTransfer {
    type Error = BankError;

    fn try_from(row: TransferRow) -> Result<Self, BankError> {
        let id = row.id;
        let kind = kind(&row)?;
        let (Some(to_version), Some(to_balance_after)) = (row.to_version, row.to_balance_after) else {
            return Err(corrupt(id, "it has no credit".to_owned()));
        };
        let group = row.group_id.map(|id| GroupId::from_uuid(id.0));
        let posted = || -> Result<Self, InvalidInput> {
            let (from, to) = (AccountId::new(row.from_account_id), AccountId::new(row.to_account_id));
            let transfer = Transfer::new(TransferId::from_uuid(row.id.0), from, to, Amount::new(row.amount)?);
            Ok(Self {
                transfer: transfer.with_memo(row.memo.map(Memo::new).transpose()?).with_kind(kind)?.in_group(group),
                debit: entry(row.from_version, row.from_balance_after),
                credit: entry(to_version, to_balance_after),
            })
        };
        posted().map_err(|reason| corrupt_transfer(id, &reason))
    }
}

const fn entry(version: i64, balance_after: i64) -> Entry {
    Entry { version: AccountVersion::new(version), balance_after: Balance::new(balance_after) }
}

/// The number that the table has for a kind.
pub(crate) const fn stored_kind(kind: TransferKind) -> i16 {
    match kind {
        TransferKind::Payment => PAYMENT,
        TransferKind::Reversal { .. } => REVERSAL,
    }
}

const PAYMENT: i16 = 1;
const REVERSAL: i16 = 2;

fn kind(row: &TransferRow) -> Result<TransferKind, BankError> {
    match (row.kind, row.related_id) {
        (PAYMENT, None) => Ok(TransferKind::Payment),
        (REVERSAL, Some(original)) => Ok(TransferKind::Reversal { of: TransferId::from_uuid(original.0) }),
        (PAYMENT | REVERSAL, _) => Err(corrupt(row.id, "its related transfer does not fit its kind".to_owned())),
        (newer, _) => Err(corrupt(row.id, format!("its kind {newer} was written by a newer program"))),
    }
}

fn corrupt_transfer(id: StoredUuid, reason: &InvalidInput) -> BankError {
    corrupt(id, reason.to_string())
}

fn corrupt(id: StoredUuid, reason: String) -> BankError {
    BankError::Corrupt { table: "transfers", id: id.0.to_string(), reason }
}
