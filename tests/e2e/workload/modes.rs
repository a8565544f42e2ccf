//! Every way of posting, on both backends.

use bank_tests::TestBackend;
use bank_tests::fixtures::name;

use super::{BOTH, Scene, number};

#[test]
fn every_mode_posts_the_requested_transfers_and_is_sound() {
    let modes: [&[&str]; 8] = [
        &[],
        &["--batch", "30"],
        &["--queue"],
        &["--distribution", "zipfian", "--ramp", "100ms"],
        &["--hot-accounts", "2", "--hot-percent", "80", "--rate", "2000"],
        &["--mix", "payments=60,groups=40"],
        &["--mix", "payments=60,groups=40", "--batch", "30"],
        &["--mix", "groups=100", "--queue"],
    ];
    for backend in BOTH {
        let scene = Scene::new(backend, 50);
        for (round, mode) in (1..).zip(modes) {
            let summary = scene.summary(0, &[&["--clients", "3", "--transfers", "200"], mode].concat());
            assert_eq!(summary["verdict"], "sound");
            let sent = number(&summary, "/transfers/posted") + number(&summary, "/transfers/rejected");
            assert_eq!(sent, 200, "{summary}");
            assert_eq!(number(&summary, "/transfers/in_journal"), number(&summary, "/transfers/posted"));
            assert_eq!(summary["histogram"].as_array().unwrap().iter().map(|b| number(b, "/count")).sum::<u64>(), 200);
            assert_eq!(scene.cli.run(&["workload", "check"]).code, Some(0), "round {round}");
        }
    }
}

#[test]
fn a_mix_has_groups_of_the_requested_share() {
    for backend in BOTH {
        let scene = Scene::new(backend, 50);
        scene.summary(0, &["--clients", "2", "--transfers", "600", "--mix", "payments=50,groups=50"]);
        let mut plain = scene.plain();
        let groups = plain.number("SELECT count(DISTINCT group_id) AS value FROM transfers");
        let alone = plain.number("SELECT count(*) AS value FROM transfers WHERE group_id IS NULL");
        // A group is posted less often than a payment, because it needs the funds of all its members.
        assert!((60..=250).contains(&groups) && (90..=250).contains(&alone), "{groups} groups, {alone} payments");
    }
}

#[test]
fn a_run_lasts_for_its_duration_and_prints_a_line_each_second() {
    for backend in BOTH {
        let scene = Scene::new(backend, 20);
        let run = scene.run(&["--clients", "2", "--duration", "1500ms"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("verdict    = sound"), "{run:?}");
        assert!(run.stderr.lines().count() >= 2, "{run:?}");
        for line in run.stderr.lines() {
            assert!(line.contains("/s  overall ") && line.contains("retries: serialization "), "{line}");
        }
        assert_eq!(scene.run(&["-q", "--clients", "1", "--duration", "200ms"]).stderr, "");
    }
}

#[test]
fn the_same_seed_gives_each_client_the_same_sequence() {
    let transfers = |seed: &str| {
        let scene = Scene::new(TestBackend::Sqlite, 20);
        scene.summary(0, &["--clients", "1", "--transfers", "50", "--seed", seed]);
        let sql = "SELECT CAST(from_account_id AS TEXT) || '-' || to_account_id || '-' || amount AS value \
                   FROM transfers ORDER BY id";
        scene.plain().texts(sql)
    };
    assert_eq!(transfers("7"), transfers("7"));
    assert_ne!(transfers("7"), transfers("8"));
}

#[test]
fn a_rate_is_kept() {
    let scene = Scene::new(TestBackend::Sqlite, 20);
    let summary = scene.summary(0, &["--clients", "2", "--duration", "1s", "--rate", "20"]);
    let sent = number(&summary, "/transfers/posted") + number(&summary, "/transfers/rejected");
    assert!((10..=21).contains(&sent), "{summary}");
}

#[test]
fn hot_accounts_get_the_requested_share_of_transfers() {
    let scene = Scene::new(TestBackend::Sqlite, 100);
    scene.summary(
        0,
        &["--clients", "2", "--transfers", "300", "--hot-accounts", "1", "--hot-percent", "100", "--batch", "50"],
    );
    let hot = scene.bank().find_account(&name("workload-0000001")).unwrap().unwrap();
    let transfers = scene.plain().number("SELECT count(*) AS value FROM transfers");
    assert!(transfers > 200);
    assert_eq!(hot.version.get(), transfers);
}
