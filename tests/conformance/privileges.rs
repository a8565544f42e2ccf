//! A role that has only the rights that docs/databases.md names.

use std::fs;
use std::path::Path;

use bank_domain::Outcome;
use bank_persistence::{Bank, Batch, Derivation, PostingQueue, QueueSettings, Settings};
use bank_tests::TestBackend;
use bank_tests::fixtures::{open, transfer};
use bank_tests::invariants::assert_sound;

#[test]
fn a_role_with_the_documented_rights_can_post_and_cannot_change_the_journal() {
    let database = TestBackend::Postgres.database();
    let mut owner = database.plain();
    // Roles belong to the whole server, which ends with this process.
    owner.execute("CREATE ROLE teller LOGIN");
    owner.execute(&documented_grants());
    let url = database.url_text().replace("://bank@", "://teller@");
    let bank = Bank::connect(&url.parse().unwrap(), Settings::default()).unwrap();

    bank.require_current_schema().unwrap();
    let (jessica, john) = (open(&bank, "Jessica", 10_000).id, open(&bank, "John", 9_000).id);
    assert!(matches!(bank.post(transfer(jessica, john, 800)), Ok(Outcome::Posted(_))));
    let batch: Vec<_> = (1..=20).map(|amount| transfer(john, jessica, amount)).collect();
    let outcomes = bank.post_batch(&batch).unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Posted(_))));
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    assert!(matches!(queue.post(batch[0].clone()), Ok(Outcome::Replayed(_))));
    assert_eq!(bank.history(john, None, 100).unwrap().len(), 21);
    let file = Batch {
        reference_key: "r".to_owned(),
        reference: "r".to_owned(),
        digest: [0; 32],
        lines: 1,
        derivation: Derivation::Ordinal,
    };
    assert_eq!(bank.record_batch(&file).unwrap().batch, file);
    assert!(bank.audit().unwrap().is_sound());
    assert_sound(&database);

    let mut teller = bank_tests::plain::Plain::postgres(&url);
    for statement in [
        "DELETE FROM transfers",
        "UPDATE transfers SET amount = 1",
        "DELETE FROM accounts",
        "DELETE FROM account_changes",
        "UPDATE account_names SET account_id = 1",
        "UPDATE currencies SET scale = 2",
        "UPDATE batches SET digest = '\\x00'",
    ] {
        let refused = teller.try_execute(statement);
        assert!(refused.is_err_and(|reason| reason.contains("permission denied")), "{statement}");
    }
}

/// Returns the statements that the documentation shows.
fn documented_grants() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/databases.md");
    let text = fs::read_to_string(file).unwrap();
    let (_, after) = text.split_once("```sql\n").expect("the rights are documented");
    after.split_once("```").expect("the block ends").0.to_owned()
}
