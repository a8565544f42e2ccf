//! The report in a browser, on the screen and on paper.

use bank_tests::TestBackend;
use bank_tests::browser::open_page;

use super::Scene;

#[test]
fn a_browser_draws_and_prints_the_report_without_a_complaint() {
    let scene = Scene::new(TestBackend::Sqlite, 20);
    scene.summary(0, &["--clients", "2", "--duration", "1200ms", "--report", "r.html"]);
    let (page, picture, paper) = (scene.path("r.html"), scene.path("r.png"), scene.path("r.pdf"));

    let (document, complaints) = open_page(&page, "--dump-dom");
    assert_eq!(complaints, [""; 0]);
    assert!(document.contains("<title>Workload report: sound"), "{document}");
    assert_eq!(document.matches("role=\"img\"").count(), 3);

    let (_, complaints) = open_page(&page, &format!("--screenshot={}", picture.display()));
    assert_eq!(complaints, [""; 0]);
    let picture = std::fs::read(picture).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    // An empty page of this size has about 12,000.
    assert!(picture.len() > 60_000, "{} bytes", picture.len());

    let (_, complaints) = open_page(&page, &format!("--print-to-pdf={}", paper.display()));
    assert_eq!(complaints, [""; 0]);
    let paper = std::fs::read(paper).unwrap();
    assert!(paper.starts_with(b"%PDF") && paper.len() > 20_000, "{} bytes", paper.len());
}
