//! Accounts: opening, finding and listing them.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank_domain::{Account, AccountId, AccountName, Age, Country, Currency, CurrencyCode, InvalidInput, NewAccount};
use bank_persistence::{BankError, accounts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::extract::{Body, LastSegment, Parameters};
use crate::money::DecimalText;
use crate::problem::{Problem, ProblemBody};
use crate::service::Service;

/// How many accounts a page has by default.
const PAGE_DEFAULT: u16 = 100;

/// The body of a request to open an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    name: String,
    age: Option<i16>,
    country: Option<String>,
    /// The code of the currency; without it, the ledger's default.
    currency: Option<String>,
    /// The opening balance, with at most the decimals of the currency; 0 if left out.
    #[serde(default)]
    balance: DecimalText,
    /// How far below zero the balance may go; 0 if left out.
    #[serde(default)]
    overdraft_limit: DecimalText,
}

impl Opening {
    fn code(&self) -> Result<Option<CurrencyCode>, InvalidInput> {
        self.currency.as_deref().map(CurrencyCode::new).transpose()
    }

    /// Returns the account to open in the currency.
    fn account(self, currency: Currency) -> Result<NewAccount, InvalidInput> {
        let age = self.age.map(Age::new).transpose()?;
        let country = self.country.map(Country::new).transpose()?;
        let balance = self.balance.decimal()?.balance(currency)?;
        let limit = self.overdraft_limit.decimal()?.overdraft_limit(currency)?;
        let new = NewAccount::new(AccountName::new(self.name)?, balance, limit)?;
        Ok(new.with_age(age).with_country(country).with_currency(Some(currency.code)))
    }
}

/// The current state of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountBody {
    id: i64,
    name: String,
    age: Option<i16>,
    country: Option<String>,
    currency: String,
    /// `open`, `frozen` or `closed`.
    status: &'static str,
    #[schema(example = "12.50")]
    balance: String,
    opening_balance: String,
    overdraft_limit: String,
    version: i64,
}

impl From<&Account> for AccountBody {
    fn from(account: &Account) -> Self {
        let text = |minor_units: i64| account.currency.number(minor_units);
        Self {
            id: account.id.get(),
            name: account.name.to_string(),
            age: account.age.map(Age::get),
            country: account.country.as_ref().map(ToString::to_string),
            currency: account.currency.code.to_string(),
            status: account.status.name(),
            balance: text(account.balance.get()),
            opening_balance: text(account.opening_balance.get()),
            overdraft_limit: text(account.overdraft_limit.get()),
            version: account.version.get(),
        }
    }
}

/// Opens an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = Opening, responses(
    (status = 201, description = "The account", body = AccountBody),
    (status = 400, description = "The request is wrong", body = ProblemBody),
    (status = 409, description = "The name is taken", body = ProblemBody),
    (status = 503, description = "Nothing was changed; send it again", body = ProblemBody),
    (status = 504, description = "The account may have been opened", body = ProblemBody),
))]
pub(super) async fn open(
    State(service): State<Service>,
    Body(opening): Body<Opening>,
) -> Result<impl IntoResponse, Problem> {
    let code = opening.code()?;
    let currency = service
        .blocking(move |bank| {
            let code = code.map_or_else(|| bank.default_currency(), Ok)?;
            bank.find_currency(code)?.ok_or(BankError::CurrencyUnknown { code })
        })
        .await?;
    let new = opening.account(currency)?;
    let account = service.blocking(move |bank| bank.open_account(&new)).await?;
    Ok((StatusCode::CREATED, Json(AccountBody::from(&account))))
}

/// Shows one account.
#[utoipa::path(get, path = "/accounts/{name}", tag = "accounts", params(
    ("name" = String, Path, description = "The account's name, or a former one, percent-encoded"),
), responses(
    (status = 200, description = "The account", body = AccountBody),
    (status = 400, description = "The name is malformed", body = ProblemBody),
    (status = 404, description = "The account is unknown", body = ProblemBody),
    (status = 503, description = "Send it again", body = ProblemBody),
))]
pub(super) async fn find(State(service): State<Service>, LastSegment(name): LastSegment) -> Result<Response, Problem> {
    let name = AccountName::new(name)?;
    let wanted = name.clone();
    let found = service.blocking(move |bank| bank.find_account(&wanted)).await?;
    let account = found.ok_or_else(|| Problem::no_account(&name))?;
    let mut response = Json(AccountBody::from(&account)).into_response();
    // A balance may change at any time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The accounts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Only accounts whose ids are above this one.
    after: Option<i64>,
    /// At most this many, from 1 to 1000; 100 if left out.
    limit: Option<u16>,
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageBody {
    accounts: Vec<AccountBody>,
    /// The value of `after` for the next page; null on the last one.
    next: Option<i64>,
}

/// Lists a page of accounts, ordered by id.
#[utoipa::path(get, path = "/accounts", tag = "accounts", params(Page), responses(
    (status = 200, description = "A page of accounts", body = PageBody),
    (status = 400, description = "A parameter is wrong", body = ProblemBody),
    (status = 503, description = "Send it again", body = ProblemBody),
))]
pub(super) async fn list(
    State(service): State<Service>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<PageBody>, Problem> {
    let limit = page.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=accounts::PAGE_SIZE).contains(&limit) {
        let message = format!("limit {limit} is not a whole number from 1 to {}", accounts::PAGE_SIZE);
        return Err(Problem::invalid("invalid_parameter", message, "ask for fewer, and follow `next`"));
    }
    let after = page.after.map(AccountId::new);
    // A query of the library in a snapshot. Your own queries would go here in the same way.
    let found = service
        .blocking(move |bank| bank.read("listing accounts", |connection| accounts::list_page(connection, after, limit)))
        .await?;
    let is_full = found.len() == usize::from(limit);
    let next = found.last().filter(|_| is_full).map(|recorded| recorded.account.id.get());
    Ok(Json(PageBody { accounts: found.iter().map(|recorded| AccountBody::from(&recorded.account)).collect(), next }))
}
