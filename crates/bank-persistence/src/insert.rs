//! Inserting a row unless its key is there.

/// Inserts values unless their key is taken, and returns the number of rows. Diesel's connection of two backends has no
/// ON CONFLICT of its own.
macro_rules! insert_or_keep {
    ($connection:expr, $table:expr, $values:expr) => {
        match $connection {
            bank_db::DbConnection::Postgres(postgres) => {
                diesel::insert_into($table).values($values).on_conflict_do_nothing().execute(postgres)
            }
            bank_db::DbConnection::Sqlite(sqlite) => {
                diesel::insert_into($table).values($values).on_conflict_do_nothing().execute(sqlite)
            }
        }
    };
}

pub(crate) use insert_or_keep;
