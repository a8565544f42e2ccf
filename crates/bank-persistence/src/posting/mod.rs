//! Posting: the one path by which money moves.
//!
//! `locked` is the path by which every transfer can go. What differs from one backend to the other is a few primitives, one
//! module for each. `postgres::fast` is a shorter way for what it can guess; it adds no rules and could be removed.
//!
//! The transfers of a batch have one time, read when their accounts are locked. So no point in time lies within a batch, and
//! unless the clock goes back, nothing is posted before the last transfer of its accounts.

mod checks;
mod locked;
pub(crate) mod postgres;
mod sqlite;
mod statement;

pub(crate) use locked::find;
pub use locked::post;
pub use postgres::fast::IN_FLIGHT_MAX;
