// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    account_changes (account_id, number) {
        account_id -> Int8,
        number -> Int8,
        change -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        note -> Nullable<Text>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    account_names (name) {
        name -> Text,
        account_id -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    accounts (id) {
        id -> Int8,
        name -> Text,
        age -> Nullable<Int2>,
        country -> Nullable<Text>,
        opening_balance -> Int8,
        balance -> Int8,
        overdraft_limit -> Int8,
        version -> Int8,
        created_at -> Timestamptz,
        currency -> Text,
        status -> Int2,
        held -> Int8,
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

    currencies (code) {
        code -> Text,
        scale -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    holds (account_id, transfer_id) {
        account_id -> Int8,
        transfer_id -> Uuid,
        to_account_id -> Int8,
        amount -> Int8,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use bank_db::sql_types::{Timestamptz, Uuid};

    ledger (id) {
        id -> Int2,
        default_currency -> Text,
        state -> Text,
        copied_from -> Nullable<Text>,
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
        to_version -> Nullable<Int8>,
        from_balance_after -> Int8,
        to_balance_after -> Nullable<Int8>,
        memo -> Nullable<Text>,
        posted_at -> Timestamptz,
        kind -> Int2,
        related_id -> Nullable<Uuid>,
        group_id -> Nullable<Uuid>,
        value_date -> Nullable<Date>,
        from_held_after -> Nullable<Int8>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    account_changes,
    account_names,
    accounts,
    batches,
    currencies,
    holds,
    ledger,
    transfers,
);
