//! `bench-suite report` as a user runs it, over series that are made up: what is on the page, that it
//! needs nothing else and is the same each time, and what bad input gets.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bench_suite::doctor::{Checkup, Facts, Finding, Probe, Weight};
use bench_suite::job::{Moment, Summary};
use bench_suite::machine::Machine;
use bench_suite::series::{Asked, Begun, Done, How, Kind, Point, Run, Series, Side};
use tempfile::TempDir;

fn report(args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    program.arg("report").args(args).stdin(Stdio::null()).output().unwrap()
}

fn written(args: &[&str]) -> String {
    let output = report(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = report(args);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn begun() -> Begun {
    let machine = Machine {
        processor: "<script>alert(1)</script> \u{1b}[31m & \"co\"".into(),
        cores: 2,
        memory_mib: 1024,
        kernel: "linux 6.1".into(),
        version: "0.1.0".into(),
        commit: "0123456789ab".into(),
    };
    let warning = Finding {
        weight: Weight::Warning,
        sentence: "Others keep 1.50 of 2 cores busy. <img onerror=x>".into(),
    };
    let checkup = Checkup {
        schema_version: 1,
        facts: Facts { cores: 2, ..Facts::default() },
        probe: Probe { spread: 0.01, worth_of_a_core: 1.0, waited_share: 0.0 },
        findings: vec![warning],
    };
    Begun { machine, checkup, program: "1".into(), at: "2026-11-26T10:00:00Z".into() }
}

fn asked(kind: Kind, points: Vec<Point>) -> Asked {
    let how = How { run_for_ms: 2000, warm_up_ms: 1000, stamped: false };
    let command = "bench-suite sweep --batch 100ms,1s".into();
    Asked { points, ..Asked::new(kind, command, 2, how) }
}

fn run(point: &Point, lines_per_s: f64, cpu_seconds: f64) -> Run {
    let interval_ms = point.batch_ms as f64;
    let moments = (0..20).map(|n| Moment {
        at_ms: n * point.batch_ms,
        batches: 1,
        records: 1000,
        processing_ms: interval_ms * 0.1,
        scheduling_delay_ms: 0.01,
    });
    let job = Summary {
        batch_interval_ms: point.batch_ms,
        measured_batches: 20,
        measured_records: 1_000_000,
        measured_cpu_seconds: cpu_seconds,
        lines_per_s,
        processing_p50_ms: interval_ms * 0.1,
        processing_p95_ms: interval_ms * 0.12,
        total_delay_p99_ms: interval_ms * 0.13,
        total_delay_max_ms: interval_ms * 0.2,
        stages_ms: [("aggregate <b>".into(), interval_ms * 0.05)].into(),
        course: moments.collect(),
        ..Summary::default()
    };
    Run { job, load: None }
}

fn done(point: &Point, turn: usize, outcome: Result<Run, String>) -> Done {
    Done { side: String::new(), point: point.clone(), turn, outcome }
}

/// Batches by blocks by tasks, of which one does not hold and one fails.
fn sweep(folder: &Path) {
    let mut points = Vec::new();
    for batch_ms in [100, 1000] {
        for block_ms in [50, 200] {
            for parallelism in [1, 2] {
                let point = Point {
                    batch_ms,
                    block_ms: Some(block_ms),
                    parallelism: Some(parallelism),
                    ..Point::default()
                };
                points.extend(point.refused().is_none().then_some(point));
            }
        }
    }
    let mut series = Series::begin(folder, asked(Kind::Sweep, points.clone()), begun()).unwrap();
    for turn in 0..2 {
        for (n, point) in points.iter().enumerate() {
            let tasks = point.parallelism.unwrap() as f64;
            let mut run = run(point, 1e6 * tasks * (1.0 + n as f64 / 10.0), 0.2);
            if n == 0 {
                run.job.processing_p95_ms = 170.0;
            }
            let outcome = match n {
                5 => Err("the load ended early: <broken> `pipe`".into()),
                _ => Ok(run),
            };
            series.add(done(point, turn, outcome)).unwrap();
        }
    }
}

/// Five rates, of which two were not held.
fn search(folder: &Path) {
    let mut series = Series::begin(folder, asked(Kind::Search, Vec::new()), begun()).unwrap();
    for (rate, taken) in [("1M", 1e6), ("2M", 2e6), ("4M", 2.3e6), ("3M", 2.3e6), ("2.2M", 2.2e6)] {
        let point = Point { rate: rate.into(), ..Point::default() };
        series.add(done(&point, 0, Ok(run(&point, taken, 0.2)))).unwrap();
    }
}

/// Twelve pairs, of which the second side takes a tenth more.
fn comparison(folder: &Path) {
    let point = Point { from_memory_bytes: Some(1 << 20), ..Point::default() };
    let side = |name: &str| Side {
        name: name.into(),
        build: None,
        program: None,
        point: point.clone(),
        slow: 0.0,
    };
    let asked =
        Asked { sides: vec![side("old"), side("new")], ..asked(Kind::Comparison, Vec::new()) };
    let mut series = Series::begin(folder, asked, begun()).unwrap();
    for turn in 0..12 {
        let drift = 1.0 + (turn % 4) as f64 / 50.0;
        for (side, times) in [("old", 1.0), ("new", 1.1)] {
            let run = run(&point, 1e6 / drift / times, 0.2 * drift * times);
            let run = Done { side: side.into(), ..done(&point, turn, Ok(run)) };
            series.add(run).unwrap();
        }
    }
}

fn heads(page: &str) -> Vec<&str> {
    page.split("<h2>").skip(1).map(|part| part.split("</h2>").next().unwrap()).collect()
}

fn plots(page: &str) -> usize {
    let said = page.split("data-plots=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(said.parse::<usize>().unwrap(), page.matches("<figure class=\"plot\">").count());
    said.parse().unwrap()
}

#[test]
fn a_sweep_has_all_its_sections() {
    let home = TempDir::new().unwrap();
    sweep(home.path());
    let page = written(&[text(home.path()), "--html", "-"]);
    assert_eq!(
        heads(&page),
        [
            "Verdict",
            "Lines per second by batch interval and block interval",
            "Rate against latency: the upper left is where one wants to be",
            "2 tasks are 2.17 to 2.20 times as fast as 1; 2.00 times would be ideal",
            "Total delay of batches, what they waited and took, by batch interval",
            "How runs went on: what batches took and waited, beside the batch interval",
            "All points",
            "Environment",
        ]
    );
    assert_eq!(plots(&page), 2 + 1 + 1 + 1 + 3);
    for part in [
        "4 of 6 points hold in all their runs.",
        "a twentieth of the batches took 170.0 ms or more",
        "the load ended early: &lt;broken&gt; `pipe`",
        "Refused: a batch of 100 ms is no multiple of a block of 200 ms.",
        "aggregate &lt;b&gt;, the longest stage at a batch's turn",
        "<code>bench-suite sweep --batch 100ms,1s</code>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.find("Others keep 1.50").unwrap() < page.find("Verdict").unwrap());
}

#[test]
fn a_search_and_a_comparison_have_theirs_and_several_series_a_chapter_each() {
    let home = TempDir::new().unwrap();
    let folders = ["a search", "a comparison"].map(|name| home.path().join(name));
    search(&folders[0]);
    comparison(&folders[1]);
    let page = written(&[text(&folders[0]), text(&folders[1]), "--html", "-"]);
    for part in [
        "<a href=\"#series-1\">Comparison of word-count</a>",
        "Between 2.2M lines/s, which were held, and 3M lines/s, which were not",
        "<h2>The highest rate lies between 2.2M and 3M lines per second</h2>",
        "new takes 10.0 % more CPU time per million lines than old: between",
        "<h2>Pair by pair: how many times as much",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("were not measured on one machine"));
}

#[test]
fn a_page_needs_nothing_else_and_no_text_of_the_data_is_markup() {
    let home = TempDir::new().unwrap();
    sweep(home.path());
    let page = written(&[text(home.path()), "--html", "-"]);
    for fetched in ["http", "src=", "url(", "@import", "<link", "<script", "<img", "<b>", "<broken"]
    {
        assert!(!page.contains(fetched), "{fetched}");
    }
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt; \\u{1b}[31m &amp; &quot;co&quot;")
    );
    assert!(page.chars().all(|c| !c.is_control() || c == '\n'));
    let markdown = written(&[text(home.path()), "--markdown", "-"]);
    assert!(markdown.contains("\\<script\\>alert"), "{markdown}");
    assert_eq!(markdown.matches("<script").count(), markdown.matches("\\<script").count());
    assert!(markdown.chars().all(|c| !c.is_control() || c == '\n'));
}

#[test]
fn the_same_results_give_the_same_bytes_and_are_left_as_they_are() {
    let home = TempDir::new().unwrap();
    sweep(home.path());
    let kept = ["series.json", "runs.ndjson"].map(|file| home.path().join(file));
    let before = kept.each_ref().map(|file| fs::read(file).unwrap());
    for form in ["--html", "--markdown", "--csv"] {
        let [once, again] = [(); 2].map(|()| written(&[text(home.path()), form, "-"]));
        assert!(once == again && !once.is_empty(), "{form}");
    }
    assert_eq!(kept.each_ref().map(|file| fs::read(file).unwrap()), before);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), kept.len(), "nothing was written there");
}

#[test]
fn a_page_goes_into_the_folder_unless_something_else_is_asked_for() {
    let home = TempDir::new().unwrap();
    sweep(home.path());
    let output = report(&[text(home.path())]);
    let page = home.path().join("report.html");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty() && told.contains(text(&page)), "{told}");
    assert!(fs::read_to_string(&page).unwrap().starts_with("<!DOCTYPE html>"));
    let markdown = written(&[text(home.path()), "--markdown", "-"]);
    for part in ["# Sweep of word-count", "- **Holds**: 4 of 6", "| 100ms | 50ms | 1 | 2 | no |"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let rows = written(&[text(home.path()), "--csv", "-"]);
    assert_eq!(rows.lines().count(), 1 + 12, "{rows}");
    assert!(rows.lines().next().unwrap().contains("processing_p95_ms"), "{rows}");
}

#[test]
fn what_cannot_be_reported_is_told() {
    let home = TempDir::new().unwrap();
    let folder = text(home.path());
    let (code, told) = refused(&[folder]);
    assert!(code == Some(1) && told.contains("is there a series?"), "{told}");

    Series::begin(home.path(), asked(Kind::Sweep, vec![Point::default()]), begun()).unwrap();
    let (code, told) = refused(&[folder]);
    assert!(code == Some(1) && told.contains("has no run yet"), "{told}");

    let (code, told) = refused(&[]);
    assert!(code == Some(2) && told.contains("Usage"), "{told}");

    let home = TempDir::new().unwrap();
    sweep(home.path());
    let unwritable = home.path().join("no such folder").join("page.html");
    let (code, told) = refused(&[text(home.path()), "--html", text(&unwritable)]);
    assert!(code == Some(1) && told.contains("no such folder/page.html could not be written"));

    let path = home.path().join("series.json");
    let other = fs::read_to_string(&path).unwrap();
    let other =
        other.replace("\"schema_version\": 1,\n  \"kind\"", "\"schema_version\": 9,\n  \"kind\"");
    fs::write(&path, other).unwrap();
    let (code, told) = refused(&[text(home.path())]);
    assert!(code == Some(1) && told.contains("version 9, and this program reads 1"), "{told}");
}

#[test]
fn each_picture_can_stand_alone() {
    let home = TempDir::new().unwrap();
    sweep(home.path());
    let folder = home.path().join("pictures");
    written(&[text(home.path()), "--pictures", text(&folder)]);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 8, "{files:?}");
    let map = "lines-per-second-by-batch-interval-and-block-interval-parallelism-1.svg";
    assert!(folder.join(map).exists(), "{files:?}");
    for file in &files {
        let svg = fs::read_to_string(file).unwrap();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{svg}");
        assert!(svg.contains("<style>") && !svg.contains("<script"), "{svg}");
    }
    assert!(!home.path().join("report.html").exists(), "what is not asked for is not written");
}

#[test]
fn the_pictures_in_the_repository_are_those_that_are_drawn_from_its_results() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sweep = repository.join("results/2026-11-26-amd-epyc-2core-sweep");
    let home = TempDir::new().unwrap();
    written(&[text(&sweep), "--pictures", text(home.path())]);
    let shown: Vec<_> = fs::read_dir(repository.join("docs/pictures")).unwrap().collect();
    assert!(!shown.is_empty());
    for picture in shown {
        let picture = picture.unwrap();
        let drawn = fs::read_to_string(home.path().join(picture.file_name())).unwrap();
        assert_eq!(drawn, fs::read_to_string(picture.path()).unwrap(), "{picture:?}");
    }
}
