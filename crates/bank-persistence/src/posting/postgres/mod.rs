//! The posting primitives on PostgreSQL's protocol: few statements, whatever the number of rows.
//!
//! The statements are query fragments of their own rather than `sql_query`, which Diesel prepares again each time.
//!
//! Arrays are written `(SELECT $1)`. Otherwise the planner looks into them, the first times also where statements are
//! prepared, and reads a whole table for a few thousand of its rows; so it sees nothing, and uses the index.

mod accounts;
pub(crate) mod fast;
mod journal;

pub(super) use accounts::{lock_accounts, write_balances};
pub(super) use journal::{append, find_transfers};
