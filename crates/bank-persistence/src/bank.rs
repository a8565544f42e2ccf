//! [`Bank`]: a pool of connections and a retry policy, with a method for each thing that can be done.

use std::sync::Arc;
use std::time::Duration;

use bank_domain::{Account, AccountId, AccountName, AccountVersion, NewAccount, Outcome, Transfer, TransferId};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::accounts::{self, Totals};
use crate::attempt;
use crate::audit::{self, AuditReport};
use crate::connection::{DbConnection, Missing, give_up};
use crate::database_url::{Backend, DatabaseUrl};
use crate::engine::Engine;
use crate::error::Error;
use crate::journal::{self, HistoryEntry, RecordedTransfer};
use crate::migrate::{self, SchemaState};
use crate::pool::{self, ConnectionManager, PooledConnection};
use crate::posting;
use crate::retry::{AttemptError, Transient, classify, retry};
use crate::settings::Settings;
use crate::transaction;

/// A database of accounts and transfers.
///
/// Cloning is cheap and shares the pool; all methods may be called from many threads at once. Each waits for a
/// connection first and so can fail with [`Error::PoolTimeout`]; each retries what may pass, by the settings' policy.
#[derive(Clone, Debug)]
pub struct Bank {
    url: Arc<DatabaseUrl>,
    settings: Arc<Settings>,
    pool: r2d2::Pool<ConnectionManager>,
}

impl Bank {
    /// Connects to a database that is there.
    ///
    /// # Errors
    ///
    /// [`Error::FileMissing`] if there is no SQLite file; [`Error::Unavailable`] if no connection can be made.
    pub fn connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, Error> {
        Self::open(url, settings, Missing::Refuse)
    }

    /// Connects to a database, and creates the SQLite file if it is missing (but not its directory).
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if no connection can be made or the file cannot be created.
    pub fn create_or_connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, Error> {
        Self::open(url, settings, Missing::Create)
    }

    fn open(url: &DatabaseUrl, settings: Settings, missing: Missing) -> Result<Self, Error> {
        let pool = pool::open(url, &settings, missing)?;
        Ok(Self { url: Arc::new(url.clone()), settings: Arc::new(settings), pool })
    }

    /// Returns the kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.url.backend()
    }

    /// Returns the URL; printing it masks the password.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Asks the database which software it is.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn engine(&self) -> Result<Engine, Error> {
        match self.backend() {
            Backend::Sqlite => Ok(Engine::Sqlite),
            Backend::Postgres => {
                let version = self.ask("SELECT version() AS answer")?;
                Ok(Engine::from_version_text(&version))
            }
        }
    }

    /// Returns the database's name: on a server its own, on SQLite the file's path or `:memory:`.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn database_name(&self) -> Result<String, Error> {
        match (self.backend(), self.url.sqlite_path()) {
            (Backend::Postgres, _) => self.ask("SELECT current_database()::text AS answer"),
            (Backend::Sqlite, Some(path)) => Ok(path.display().to_string()),
            (Backend::Sqlite, None) => Ok(":memory:".to_owned()),
        }
    }

    fn ask(&self, sql: &'static str) -> Result<String, Error> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            answer: String,
        }
        self.run("asking the server", move |connection| {
            Ok(diesel::sql_query(sql).get_result::<Row>(connection)?.answer)
        })
    }

    /// Runs the migrations that are pending and returns their names. Harmless when there are none, and when several
    /// processes do it at once.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] if one fails for good.
    pub fn migrate(&self) -> Result<Vec<String>, Error> {
        migrate::run_pending(&mut *self.take()?)
    }

    /// Destroys all accounts and transfers and makes the tables anew.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] if a migration fails; the tables may then be partly gone.
    pub fn reset(&self) -> Result<(), Error> {
        let mut connection = self.take()?;
        migrate::revert_all(&mut connection)?;
        migrate::run_pending(&mut connection).map(|_| ())
    }

    /// Creates a schema on a server if it is missing, as a database within the database; connect to it with
    /// [`DatabaseUrl::with_search_path`].
    ///
    /// # Errors
    ///
    /// The database's, for example that the user may not.
    pub fn create_schema(&self, name: &str) -> Result<(), Error> {
        self.execute("creating a schema", format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(name)))
    }

    /// Destroys a schema and everything in it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn drop_schema(&self, name: &str) -> Result<(), Error> {
        self.execute("dropping a schema", format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(name)))
    }

    fn execute(&self, operation: &'static str, statement: String) -> Result<(), Error> {
        self.write(operation, move |connection| Ok(connection.batch_execute(&statement)?))
    }

    /// Compares the database's tables with what this program expects.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn schema_state(&self) -> Result<SchemaState, Error> {
        self.run("reading the schema's version", migrate::state)
    }

    /// Makes sure that the database's tables are as this program expects.
    ///
    /// # Errors
    ///
    /// [`Error::SchemaOutOfDate`] if they are not.
    pub fn require_current_schema(&self) -> Result<(), Error> {
        match self.schema_state()? {
            SchemaState::Current => Ok(()),
            state => Err(Error::SchemaOutOfDate { state }),
        }
    }

    /// Opens an account.
    ///
    /// # Errors
    ///
    /// [`Error::AccountExists`] if the name is taken. After [`Error::OutcomeUnknown`] the account may be there.
    pub fn open_account(&self, new: &NewAccount) -> Result<Account, Error> {
        let new = new.clone();
        self.write("opening an account", move |connection| accounts::open(connection, &new))
    }

    /// Returns the account of this name.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn find_account(&self, name: &AccountName) -> Result<Option<Account>, Error> {
        let name = name.clone();
        self.run("finding an account", move |connection| accounts::find_by_name(connection, &name))
    }

    /// Returns the accounts of these names, in no order; names without an account are left out.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn find_accounts(&self, names: &[&AccountName]) -> Result<Vec<Account>, Error> {
        let names: Vec<AccountName> = names.iter().copied().cloned().collect();
        self.run("finding accounts", move |connection| accounts::find_by_names(connection, &names))
    }

    /// Returns a bounded number of names that look like the given one, for a hint; see [`accounts::similar_names`].
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn similar_names(&self, name: &AccountName) -> Result<Vec<AccountName>, Error> {
        let name = name.clone();
        self.run("finding similar names", move |connection| accounts::similar_names(connection, &name))
    }

    /// Hands all accounts, or the first `limit`, to `each`, ordered by id. All belong to one snapshot; memory use does
    /// not grow with their number. Stops at the first error of `each`. Is not retried.
    ///
    /// # Errors
    ///
    /// The database's, or that of `each`.
    pub fn list_accounts<E: From<Error>>(
        &self,
        limit: Option<u64>,
        mut each: impl FnMut(Account) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut connection = self.take()?;
        transaction::read(&mut connection, |connection| list_pages(connection, limit, &mut each))?
    }

    /// Counts all accounts.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn count_accounts(&self) -> Result<u64, Error> {
        self.run("counting the accounts", accounts::count)
    }

    /// Counts and sums all accounts in one snapshot.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn totals(&self) -> Result<Totals, Error> {
        self.run("summing the accounts", accounts::totals)
    }

    /// Posts one transfer.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn post(&self, transfer: &Transfer) -> Result<Outcome, Error> {
        let outcomes = self.post_batch(std::slice::from_ref(transfer))?;
        outcomes
            .into_iter()
            .next()
            .ok_or_else(|| Error::InvariantViolation { detail: "a transfer has no outcome".to_owned() })
    }

    /// Posts transfers in order, in one database transaction, and returns their outcomes in that order. What a rule
    /// refuses does not stop the others.
    ///
    /// When the answer to COMMIT is lost, the same transfers are submitted again in a fresh transaction: their ids make
    /// that harmless, and it alone can tell what became of the first attempt.
    ///
    /// # Errors
    ///
    /// [`Error::RetriesExhausted`]: nothing was posted. [`Error::OutcomeUnknown`]: all or nothing was posted; post the
    /// same transfers again to learn which. Any other error: nothing was posted.
    pub fn post_batch(&self, transfers: &[Transfer]) -> Result<Vec<Outcome>, Error> {
        let shared: Arc<[Transfer]> = transfers.into();
        let outcomes = self.write("posting", move |connection| posting::post(connection, &shared));
        outcomes.map_err(|error| match error {
            Error::OutcomeUnknown { operation, source, .. } => {
                Error::OutcomeUnknown { operation, ids: transfers.iter().map(|transfer| transfer.id).collect(), source }
            }
            other => other,
        })
    }

    /// Returns the transfer of this id.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn find_transfer(&self, id: TransferId) -> Result<Option<RecordedTransfer>, Error> {
        self.run("finding a transfer", move |connection| journal::find(connection, id))
    }

    /// Returns a page of an account's history, the newest first; see [`journal::history`].
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn history(
        &self,
        account: AccountId,
        before: Option<AccountVersion>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, Error> {
        self.read("reading a history", |connection| journal::history(connection, account, before, limit))
    }

    /// Checks every invariant in one snapshot. Its cost grows with the number of accounts and transfers.
    ///
    /// # Errors
    ///
    /// The database's; what breaks an invariant is in the report.
    pub fn audit(&self) -> Result<AuditReport, Error> {
        self.read("auditing", audit::audit)
    }

    /// Runs the caller's statements in one snapshot that they cannot change, and retries what may pass.
    ///
    /// # Errors
    ///
    /// The body's or the database's.
    pub fn read<T>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        retry(&self.settings.retry, operation, || {
            transaction::read(&mut *self.take()?, &body).map_err(AttemptError::from)
        })
    }

    /// Runs the caller's statements, [`posting::post`] among them if wanted, in one transaction and retries what may
    /// pass: the body may run several times, and must change nothing but the database. It owns what it uses, because a
    /// server that does not answer keeps it longer than the call lasts.
    ///
    /// # Errors
    ///
    /// The body's or the database's; [`Error::OutcomeUnknown`] if the answer to COMMIT was lost for good.
    pub fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let body = Arc::new(body);
        retry(&self.settings.retry, operation, || {
            let (mut connection, settings, body) = (self.take()?, Arc::clone(&self.settings), Arc::clone(&body));
            attempt::run_within(self.answer_limit(), move |gate| {
                transaction::write_through(gate, &mut connection, &settings, |connection| body(connection))
            })
        })
    }

    /// Runs a body that reads with a single statement and so needs no transaction.
    fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let body = Arc::new(body);
        retry(&self.settings.retry, operation, || {
            let (mut connection, body) = (self.take()?, Arc::clone(&body));
            attempt::run_within(self.answer_limit(), move |_| {
                body(&mut connection).map_err(|error| {
                    if classify(&error) == Some(Transient::ConnectionLost) {
                        give_up(&mut connection);
                    }
                    error.into()
                })
            })
        })
    }

    /// Returns how long to wait for an attempt. SQLite needs no limit but its busy timeout, and no second thread.
    fn answer_limit(&self) -> Option<Duration> {
        let limit = self.settings.answer_timeout;
        (self.backend() == Backend::Postgres && !limit.is_zero()).then_some(limit)
    }

    fn take(&self) -> Result<PooledConnection, Error> {
        pool::take(&self.pool)
    }
}

/// Returns a name as an SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list_pages<E>(
    connection: &mut DbConnection,
    limit: Option<u64>,
    each: &mut impl FnMut(Account) -> Result<(), E>,
) -> Result<Result<(), E>, Error> {
    let mut left = limit.unwrap_or(u64::MAX);
    let mut after = None;
    while left > 0 {
        let size = u16::try_from(left).unwrap_or(accounts::PAGE_SIZE).min(accounts::PAGE_SIZE);
        let page = accounts::list_page(connection, after, size)?;
        let is_last = page.len() < usize::from(size);
        for account in page {
            after = Some(account.id);
            left = left.saturating_sub(1);
            if let Err(error) = each(account) {
                return Ok(Err(error));
            }
        }
        if is_last {
            break;
        }
    }
    Ok(Ok(()))
}
