//! The posting pipeline: several batches of one caller in flight together.

use bank_domain::{AccountId, AccountVersion, Memo, Outcome, PostRequest, Transfer};
use bank_persistence::{Bank, PostingPipeline};
use bank_tests::TestBackend;
use bank_tests::fixtures::{balance, open, open_many, random_transfers, transfer};
use bank_tests::invariants::{assert_exactly_once, assert_sound};

const IN_FLIGHT: usize = 3;

pub(crate) fn a_pipeline_has_the_outcomes_of_batches_posted_one_by_one(backend: TestBackend) {
    for (seed, account_count) in [(1, 4), (2, 40), (3, 400)] {
        let (one_by_one, pipelined) = (backend.database(), backend.database());
        let accounts = open_many(&one_by_one.bank(), account_count, 60);
        // Both databases give the same ids.
        assert_eq!(open_many(&pipelined.bank(), account_count, 60), accounts);
        let batches = tricky_batches(seed, &accounts);
        let expected: Vec<Vec<Outcome>> =
            batches.iter().map(|batch| one_by_one.bank().post_batch(batch).unwrap()).collect();
        let outcomes = post_all(&pipelined.bank(), &batches);
        assert_eq!(outcomes, expected, "{account_count} accounts");
        let statuses: Vec<_> = outcomes.iter().flatten().map(Outcome::status).collect();
        for status in ["posted", "rejected", "replayed"] {
            assert!(statuses.contains(&status), "{statuses:?}");
        }
        assert_sound(&pipelined);
    }
}

/// Returns batches in which transfers need the money of earlier ones, ids are repeated with the same and with other
/// content, and some transfers expect a version, right or wrong.
fn tricky_batches(seed: u64, accounts: &[AccountId]) -> Vec<Vec<PostRequest>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut requests: Vec<PostRequest> =
        random_transfers(seed, accounts, 600, 50).into_iter().map(PostRequest::from).collect();
    for number in 1..requests.len() {
        let earlier = requests[random.usize(number.saturating_sub(20)..number)].clone();
        match random.u8(..12) {
            0 => requests[number] = earlier,
            1 => requests[number].transfer.id = earlier.transfer.id,
            2 => requests[number].expected_version = Some(AccountVersion::new(random.i64(..3))),
            _ => {}
        }
    }
    let mut batches: Vec<Vec<PostRequest>> = requests.chunks(12).map(<[PostRequest]>::to_vec).collect();
    batches.insert(20, Vec::new());
    batches
}

fn post_all<R: Clone + Into<PostRequest>>(bank: &Bank, batches: &[Vec<R>]) -> Vec<Vec<Outcome>> {
    let mut pipeline = PostingPipeline::new(bank, IN_FLIGHT);
    let mut outcomes = Vec::new();
    for batch in batches {
        pipeline.push(batch.clone()).unwrap();
        outcomes.extend(pipeline.take_outcomes());
    }
    pipeline.flush().unwrap();
    outcomes.extend(pipeline.take_outcomes());
    assert!(pipeline.take_outcomes().is_empty(), "each is handed out once");
    outcomes
}

pub(crate) fn a_pipeline_retries_a_failed_batch(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 4, 1000);
    let mut pipeline = PostingPipeline::new(&bank, IN_FLIGHT);
    let batches: Vec<Vec<Transfer>> = random_transfers(5, &accounts, 60, 10).chunks(10).map(<[_]>::to_vec).collect();
    let mut plain = database.plain();
    plain.execute("ALTER TABLE transfers RENAME TO hidden");
    let failed = batches.iter().filter(|batch| pipeline.push(batch.to_vec()).is_err()).count();
    assert!(failed > 0);
    assert!(pipeline.flush().is_err());
    plain.execute("ALTER TABLE hidden RENAME TO transfers");
    pipeline.flush().unwrap();
    let outcomes = pipeline.take_outcomes();
    let ids = |batches: &[Vec<Transfer>]| batches.iter().flatten().map(|transfer| transfer.id).collect::<Vec<_>>();
    let posted: Vec<_> = outcomes.iter().flatten().map(|outcome| outcome.posted().unwrap().transfer.id).collect();
    assert_eq!(posted, ids(&batches), "each outcome in its place");
    assert_exactly_once(&database, &batches.concat(), &posted);
    assert_sound(&database);
}

pub(crate) fn a_failed_batch_is_retried_before_the_batches_that_waited_for_it(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    // Each transfer needs the money that the one before it brings.
    let accounts = open_many(&bank, 4, 0);
    let rich = open(&bank, "rich", 10).id;
    let payers = [rich, accounts[0], accounts[1], accounts[2]];
    let mut pipeline = PostingPipeline::new(&bank, IN_FLIGHT);
    let mut plain = database.plain();
    plain.execute("ALTER TABLE transfers RENAME TO hidden");
    let failed = (0..4).filter(|n| pipeline.push([transfer(payers[*n], accounts[*n], 10)]).is_err()).count();
    assert!(failed > 0);
    plain.execute("ALTER TABLE hidden RENAME TO transfers");
    pipeline.flush().unwrap();
    let outcomes = pipeline.take_outcomes().concat();
    let statuses: Vec<_> = outcomes.iter().map(Outcome::status).collect();
    assert_eq!(statuses, ["posted"; 4]);
    assert_eq!(balance(&bank, "a3"), 10);
}

pub(crate) fn a_pipeline_hands_back_what_it_has_not_posted(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 4, 1000);
    let mut pipeline = PostingPipeline::new(&bank, IN_FLIGHT);
    let [first, second, third] = [(0, 1), (2, 3), (0, 2)]
        .map(|(from, to)| vec![transfer(accounts[from], accounts[to], 1), transfer(accounts[to], accounts[from], 2)]);
    pipeline.push(first.clone()).unwrap();
    pipeline.flush().unwrap();
    let mut plain = database.plain();
    plain.execute("ALTER TABLE transfers RENAME TO hidden");
    for batch in [&second, &third] {
        assert!(pipeline.push(batch.clone()).and_then(|()| pipeline.flush()).is_err());
    }
    plain.execute("ALTER TABLE hidden RENAME TO transfers");
    let batches = pipeline.take_unfinished();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
    assert!(batches[0].iter().all(|outcome| outcome.as_ref().is_ok_and(|outcome| outcome.status() == "posted")));
    let handed_back: Vec<_> =
        batches[1..].iter().flatten().map(|request| request.clone().unwrap_err().transfer).collect();
    assert_eq!(handed_back, [second, third].concat());

    // The pipeline is empty, and goes on.
    assert!(pipeline.take_outcomes().is_empty());
    pipeline.push(first).unwrap();
    pipeline.flush().unwrap();
    assert_eq!(pipeline.take_outcomes().concat().iter().map(Outcome::status).collect::<Vec<_>>(), ["replayed"; 2]);
}

pub(crate) fn only_refused_data_is_told_as_such(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 1);
    let long = order.clone().with_memo(Some(Memo::new("much too long").unwrap()));
    let mut plain = database.plain();
    plain.execute("ALTER TABLE transfers RENAME TO hidden");
    assert_eq!(bank.post(&order).unwrap_err().refused_data(), None);
    plain.execute("ALTER TABLE hidden RENAME TO transfers");
    plain.execute("ALTER TABLE transfers ADD COLUMN note TEXT CHECK (memo IS NULL OR length(memo) < 10)");
    assert!(bank.post(&long).unwrap_err().refused_data().is_some());
    if !database.is_sqlite() {
        plain
            .execute("ALTER TABLE transfers DROP COLUMN note; ALTER TABLE transfers ALTER COLUMN memo TYPE VARCHAR(9)");
        let reason = bank.post(&long).unwrap_err().refused_data();
        assert_eq!(reason.as_deref(), Some("value too long for type character varying(9)"));
    }
    assert!(matches!(bank.post(&order), Ok(Outcome::Posted(_))));
}

pub(crate) fn dropping_a_pipeline_waits_for_batches_in_flight(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 1000);
    let mut pipeline = PostingPipeline::new(&bank, IN_FLIGHT);
    pipeline.push((0..200).map(|_| transfer(accounts[0], accounts[1], 1))).unwrap();
    drop(pipeline);
    assert_eq!(balance(&bank, "a1"), 1200);
}

pub(crate) fn no_transaction_of_a_pipeline_is_larger_than_a_batch(backend: TestBackend) {
    const SIZE: usize = 100;
    let database = backend.database();
    let bank = database.bank();
    // A number at which a third of each batch must wait for the batches in flight, and could join the next one.
    let accounts = open_many(&bank, 1000, 1_000_000);
    let batches: Vec<Vec<Transfer>> = random_transfers(7, &accounts, 4000, 1).chunks(SIZE).map(<[_]>::to_vec).collect();
    post_all(&bank, &batches);
    // All transfers of a transaction have the same time. On a server, where several transactions may commit at that time,
    // the number of the transaction is safer.
    let transaction = if backend == TestBackend::Postgres { "xmin::text" } else { "posted_at" };
    let sizes = format!("SELECT count(*) AS value FROM transfers GROUP BY {transaction}");
    let sizes = database.plain().numbers(&sizes);
    let most = i64::try_from(SIZE).unwrap();
    assert!(sizes.len() >= batches.len() && sizes.iter().all(|size| *size <= most), "{sizes:?}");
}
