// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    accounts (id) {
        id -> Int8,
        name -> Text,
        age -> Int2,
        country -> Text,
        opening_balance -> Int8,
        balance -> Int8,
        overdraft_limit -> Int8,
        version -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    batches (reference_key) {
        reference_key -> Text,
        reference -> Text,
        digest -> Bytea,
        lines -> Int8,
        derivation -> Int2,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    transfers (id) {
        id -> Uuid,
        from_account_id -> Int8,
        to_account_id -> Int8,
        amount -> Int8,
        from_version -> Int8,
        to_version -> Int8,
        from_balance_after -> Int8,
        to_balance_after -> Int8,
        memo -> Nullable<Text>,
        posted_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(accounts, batches, transfers,);
