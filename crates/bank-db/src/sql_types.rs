//! The two SQL types that the backends store differently: UUIDs and points in time.
//!
//! PostgreSQL has types of its own for both; SQLite stores a UUID as a BLOB of 16 bytes and a point in time as TEXT in
//! UTC, `2026-01-31T23:59:59.000000Z`. The names are those that Diesel's command line prints into `schema.rs`.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, HasSqlType, Interval, SqlType, Text, ops};
use diesel::sqlite::{Sqlite, SqliteValue};

use crate::connection::{MultiBackend, MultiRawValue};

/// A UUID: `uuid` on PostgreSQL, a BLOB of 16 bytes on SQLite.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Uuid;

/// A point in time: `timestamptz` on PostgreSQL, TEXT in UTC on SQLite.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Timestamptz;

/// `table!` treats every column type of this name as one that can be added to, as Diesel's own can.
impl ops::Add for Timestamptz {
    type Rhs = Interval;
    type Output = Self;
}

/// See the implementation of `Add`.
impl ops::Sub for Timestamptz {
    type Rhs = Interval;
    type Output = Self;
}

impl HasSqlType<Uuid> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<Uuid>(lookup)
    }
}

impl HasSqlType<Timestamptz> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<Timestamptz>(lookup)
    }
}

/// A UUID as the database stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Uuid)]
pub struct StoredUuid(pub uuid::Uuid);

impl FromSql<Uuid, Pg> for StoredUuid {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(uuid::Uuid::from_slice(value.as_bytes())?))
    }
}

impl FromSql<Uuid, Sqlite> for StoredUuid {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(uuid::Uuid::from_slice(&bytes)?))
    }
}

impl FromSql<Uuid, MultiBackend> for StoredUuid {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Uuid>()
    }
}

impl ToSql<Uuid, Pg> for StoredUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Uuid, Sqlite> for StoredUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(&self.0.as_bytes()[..]);
        Ok(IsNull::No)
    }
}

impl ToSql<Uuid, MultiBackend> for StoredUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Uuid, self));
        Ok(IsNull::No)
    }
}

/// A point in time as the database stores it, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamptz)]
pub struct StoredTime(pub DateTime<Utc>);

impl StoredTime {
    /// The first moment of the year 0, before everything that is stored.
    pub const FIRST: Self = Self(moment(-62_167_219_200, 0));
    /// The last moment of the year 9999, after everything that is stored.
    pub const LAST: Self = Self(moment(253_402_300_799, 999_999_000));

    /// Returns the moment of the machine's clock, also if that stands before 1970.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemTime::now().into())
    }

    /// Returns the moment as SQLite keeps it: all texts of the same length, so that their order is that of time.
    #[must_use]
    pub fn sqlite_text(self) -> String {
        self.comparable().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    /// Returns the moment within the years that both backends can write and compare.
    fn comparable(self) -> DateTime<Utc> {
        self.0.clamp(Self::FIRST.0, Self::LAST.0)
    }
}

const fn moment(seconds: i64, nanoseconds: u32) -> DateTime<Utc> {
    match DateTime::from_timestamp(seconds, nanoseconds) {
        Some(moment) => moment,
        None => DateTime::UNIX_EPOCH,
    }
}

/// The point from which PostgreSQL counts microseconds: 2000-01-01T00:00:00Z, in seconds of the Unix era.
const POSTGRES_EPOCH_SECONDS: i64 = 946_684_800;

impl FromSql<Timestamptz, Pg> for StoredTime {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let microseconds = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        DateTime::from_timestamp(POSTGRES_EPOCH_SECONDS, 0)
            .and_then(|epoch| epoch.checked_add_signed(TimeDelta::microseconds(microseconds)))
            .map(Self)
            .ok_or_else(|| format!("{microseconds} microseconds since 2000 is no date").into())
    }
}

impl FromSql<Timestamptz, Sqlite> for StoredTime {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(DateTime::parse_from_rfc3339(&text)?.to_utc()))
    }
}

impl FromSql<Timestamptz, MultiBackend> for StoredTime {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Timestamptz>()
    }
}

impl ToSql<Timestamptz, Pg> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // Within the years 0 to 9999 there are too few microseconds to overflow.
        let microseconds = self.comparable().timestamp_micros() - POSTGRES_EPOCH_SECONDS * 1_000_000;
        <i64 as ToSql<BigInt, Pg>>::to_sql(&microseconds, &mut out.reborrow())
    }
}

impl ToSql<Timestamptz, Sqlite> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.sqlite_text());
        Ok(IsNull::No)
    }
}

impl ToSql<Timestamptz, MultiBackend> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Timestamptz, self));
        Ok(IsNull::No)
    }
}
