//! Statements as query fragments of their own, which Diesel prepares once and walks faster than those of its query builder.

/// Makes a query fragment a statement that Diesel prepares once for a connection; with SQL types, one that returns rows.
macro_rules! statement {
    ($name:ident on $connection:ty $(, returns $sql_type:ty)?) => {
        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        $(impl diesel::query_builder::Query for $name {
            type SqlType = $sql_type;
        })?

        impl RunQueryDsl<$connection> for $name {}
    };
}

pub(super) use statement;
