#![doc = include_str!("../README.md")]

mod account;
mod account_name;
mod apply;
mod change;
mod currency;
mod decimal;
mod group;
mod group_id;
mod invalid;
mod kind;
mod money;
mod number;
mod outcome;
mod reversal;
mod text;
mod transfer;
mod transfer_id;

pub use account::{Account, AccountId, AccountStatus, AccountVersion, Age, Country, NewAccount};
pub use account_name::AccountName;
pub use apply::{AccountState, AppliedBatch, apply_batch};
pub use change::{AccountChange, ChangeRefusal};
pub use currency::{Currency, CurrencyCode, Scale};
pub use decimal::Decimal;
pub use group::{Group, order_of_effect, unit_length, units};
pub use group_id::GroupId;
pub use invalid::{AmountProblem, DecimalProblem, InvalidInput, TextProblem};
pub use kind::TransferKind;
pub use money::{Amount, Balance, Held, OverdraftLimit};
pub use outcome::{Entry, Outcome, PostedTransfer, Rejection};
pub use reversal::{Reversal, first_edition_reversal};
pub use transfer::{Memo, PostRequest, Transfer, TransferField};
pub use transfer_id::TransferId;
