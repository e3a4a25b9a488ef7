//! No record leaves its batch: small programs that try, and others that must work, each given to
//! the compiler.
//!
//! The programs are in `brand/fail` and `brand/pass`, one a file. Each is checked against the
//! crate's public API, in safe code. One that must fail names the error that it must fail with, as
//! in `//@ error: E0521`; some errors of the borrow checker have no code, which is written `//@
//! error: without a code`. No test depends on a compiler's wording.
//!
//! What holds on the compiler that runs the tests is asked of a nightly one too, where there is
//! one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use serde_json::Value;

/// What a case writes for an error that has no code.
const WITHOUT_A_CODE: &str = "without a code";

#[test]
fn what_must_compile_does() {
    assert_none(all_runs().iter().flat_map(|run| {
        run.of("pass").filter(|(_, verdict)| !verdict.compiled).map(|(case, verdict)| {
            complaint(run, case, "it must compile, and does not", &verdict.errors)
        })
    }));
}

#[test]
fn what_must_not_compile_fails_for_the_reason_it_names() {
    assert_none(all_runs().iter().flat_map(|run| {
        run.of("fail").filter_map(|(case, verdict)| {
            let wanted = case.error.as_deref().expect("a case that must fail names its error");
            let what = match (verdict.compiled, verdict.codes().contains(wanted)) {
                (true, _) => format!("it must fail ({wanted}), and compiles: is a record kept?"),
                (false, false) => format!("it must fail with {wanted}, and fails with others"),
                (false, true) => return None,
            };
            Some(complaint(run, case, &what, &verdict.errors))
        })
    }));
}

/// A program and what is expected of it.
struct Case {
    /// `pass` or `fail`.
    folder: &'static str,
    path: PathBuf,
    error: Option<String>,
}

impl Case {
    fn read(folder: &'static str, path: PathBuf) -> Case {
        let text = fs::read_to_string(&path).unwrap();
        let error = text.lines().find_map(|line| line.strip_prefix("//@ error: "));
        let consistent = error.is_some() == (folder == "fail") && text.starts_with("// ");
        assert!(consistent, "{}: a comment says what is tried, and how it fails", path.display());
        Case { folder, error: error.map(str::to_owned), path }
    }

    /// What cargo calls it; both folders may have a case of the same name.
    fn target(&self) -> String {
        format!("{}_{}", self.folder, self.path.file_stem().unwrap().display())
    }
}

fn cases() -> Vec<Case> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/brand");
    let mut cases = Vec::new();
    for folder in ["fail", "pass"] {
        for file in fs::read_dir(programs.join(folder)).unwrap() {
            cases.push(Case::read(folder, file.unwrap().path()));
        }
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

/// What one compiler said of one case.
#[derive(Default)]
struct Verdict {
    compiled: bool,
    errors: Vec<Complaint>,
}

struct Complaint {
    code: String,
    rendered: String,
}

impl Verdict {
    fn codes(&self) -> BTreeSet<&str> {
        self.errors.iter().map(|error| error.code.as_str()).collect()
    }
}

/// What one compiler said of all cases.
struct Run {
    toolchain: String,
    verdicts: Vec<(Case, Verdict)>,
}

impl Run {
    fn of(&self, folder: &'static str) -> impl Iterator<Item = &(Case, Verdict)> {
        self.verdicts.iter().filter(move |(case, _)| case.folder == folder)
    }
}

/// Every compiler is asked once, whichever test comes first.
fn all_runs() -> &'static [Run] {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    RUNS.get_or_init(|| {
        let mut runs = vec![check("default", Command::new(env!("CARGO")))];
        match nightly() {
            Some(nightly) => {
                let mut cargo = Command::new("rustup");
                cargo.args(["run", &nightly, "cargo"]);
                runs.push(check(&nightly, cargo));
            }
            None => {
                println!("no nightly toolchain is installed, so only the default one was asked")
            }
        }
        runs
    })
}

fn nightly() -> Option<String> {
    let list = Command::new("rustup").args(["toolchain", "list"]).output().ok()?;
    let list = String::from_utf8(list.stdout).ok()?;
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| name.starts_with("nightly")).map(str::to_owned).next()
}

/// Has all cases checked, as the examples of a package made for them. The package stays from run to
/// run, so that the crate's dependencies are checked once.
fn check(toolchain: &str, mut cargo: Command) -> Run {
    let cases = cases();
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("brand").join(toolchain);
    fs::create_dir_all(package.join("src")).unwrap();
    fs::write(package.join("src/lib.rs"), "").unwrap();
    fs::write(package.join("Cargo.toml"), manifest(&cases)).unwrap();
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, package.join("Cargo.lock")).unwrap();

    let output = cargo
        .args(["check", "--offline", "--examples", "--keep-going", "--message-format=json"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        // Flags for the tests, such as one that forbids warnings, are not meant for these programs.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap();
    let mut verdicts = read_verdicts(&String::from_utf8_lossy(&output.stdout));
    let judged = |case: Case| {
        let verdict = verdicts.remove(&case.target()).unwrap_or_else(|| {
            let stderr = String::from_utf8_lossy(&output.stderr);
            panic!("{toolchain}: cargo said nothing of {}:\n{stderr}", case.target())
        });
        (case, verdict)
    };
    Run { toolchain: toolchain.to_owned(), verdicts: cases.into_iter().map(judged).collect() }
}

fn manifest(cases: &[Case]) -> String {
    let engine = env!("CARGO_MANIFEST_DIR");
    let mut manifest = format!(
        "[workspace]\n\n[package]\nname = \"brand-cases\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nmillstream = {{ path = {engine:?} }}\n\n\
         [lints.rust]\nunsafe_code = \"forbid\"\nwarnings = \"allow\"\n"
    );
    for case in cases {
        let (name, path) = (case.target(), &case.path);
        write!(manifest, "\n[[example]]\nname = {name:?}\npath = {path:?}\n").unwrap();
    }
    manifest
}

/// Cargo's messages, a line of JSON each: what the compiler complained of, and what it finished.
fn read_verdicts(messages: &str) -> BTreeMap<String, Verdict> {
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let target = &message["target"];
        if target["kind"][0] != "example" {
            continue;
        }
        let verdict = verdicts.entry(target["name"].as_str().unwrap().to_owned()).or_default();
        match message["reason"].as_str() {
            Some("compiler-artifact") => verdict.compiled = true,
            Some("compiler-message") => verdict.errors.extend(error_in(&message["message"])),
            _ => {}
        }
    }
    verdicts
}

fn error_in(message: &Value) -> Option<Complaint> {
    // An error without a place in the program is the compiler's summary of the others.
    let placed = message["spans"].as_array().is_some_and(|spans| !spans.is_empty());
    (message["level"] == "error" && placed).then(|| Complaint {
        code: message["code"]["code"].as_str().unwrap_or(WITHOUT_A_CODE).to_owned(),
        rendered: message["rendered"].as_str().unwrap_or_default().to_owned(),
    })
}

fn complaint(run: &Run, case: &Case, what: &str, errors: &[Complaint]) -> String {
    let rendered: String = errors.iter().map(|error| error.rendered.as_str()).collect();
    format!("{}, with the {} toolchain: {what}\n{rendered}", case.path.display(), run.toolchain)
}

fn assert_none(complaints: impl Iterator<Item = String>) {
    let complaints: Vec<String> = complaints.collect();
    assert!(complaints.is_empty(), "{} cases\n\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn verdicts_are_read_from_the_compilers_messages() {
    let messages = r#"
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"millstream"}}
{"reason":"compiler-artifact","target":{"kind":["example"],"name":"pass_a"}}
{"reason":"compiler-message","target":{"kind":["example"],"name":"fail_b"},"message":{"level":"error","code":{"code":"E0521"},"spans":[{}],"rendered":"escapes"}}
{"reason":"compiler-message","target":{"kind":["example"],"name":"fail_b"},"message":{"level":"error","code":null,"spans":[{}],"rendered":"outlives"}}
{"reason":"compiler-message","target":{"kind":["example"],"name":"fail_c"},"message":{"level":"error","code":null,"spans":[],"rendered":"aborting"}}
{"reason":"build-finished","success":false}"#;
    let verdicts = read_verdicts(messages.trim_start());
    assert_eq!(verdicts.keys().collect::<Vec<_>>(), ["fail_b", "fail_c", "pass_a"]);
    assert!(verdicts["pass_a"].compiled && !verdicts["fail_b"].compiled);
    assert_eq!(verdicts["fail_b"].codes(), BTreeSet::from(["E0521", WITHOUT_A_CODE]));
    assert!(verdicts["fail_c"].codes().is_empty(), "a summary is no error of its own");
}
