//! The files that a run writes.

use bank_tests::TestBackend;
use serde_json::Value;

use super::{Scene, number};

#[test]
fn the_lines_are_json_and_add_up_to_the_summary() {
    let scene = Scene::new(TestBackend::Sqlite, 20);
    scene.summary(0, &["--clients", "2", "--duration", "1500ms", "--jsonl", "r.jsonl"]);
    let lines: Vec<Value> = scene.read("r.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, seconds) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert!(seconds.len() >= 2 && seconds.iter().all(|second| second["type"] == "second"));
    let sum = seconds.iter().map(|second| number(second, "/transfers")).sum::<u64>();
    assert_eq!(sum, number(summary, "/transfers/posted"));
    assert!(seconds.iter().map(|second| number(second, "/reads")).sum::<u64>() > 0);
}

#[test]
fn the_report_is_one_self_contained_page() {
    let scene = Scene::new(TestBackend::Sqlite, 20);
    std::fs::write(scene.path("r.html"), "an old report").unwrap();
    scene.summary(0, &["--clients", "2", "--duration", "1200ms", "--report", "r.html", "--force"]);
    let page = scene.read("r.html");
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">") && page.ends_with("</html>"), "{page}");
    for reference in ["http:", "https:", "<script", "<link rel=\"style", "@import", "url(", "src="] {
        assert!(!page.contains(reference), "{reference} in {page}");
    }
    assert_eq!(page.matches("<svg viewBox=\"0 0 960").count(), 3);
    assert!(page.contains("Verdict: sound") && !page.contains("NaN") && !page.contains("inf\""), "{page}");
    for tag in ["table", "section", "figure", "svg", "div", "tr", "td", "th", "dl", "details"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag} in {page}");
    }
}
