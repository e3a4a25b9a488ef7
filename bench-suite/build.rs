//! Tells the program which commit it is built from.

use std::path::Path;
use std::process::Command;

fn main() {
    // A build script runs in the folder of its package.
    let root = Path::new("..");
    let commit = commit(root).unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=BENCH_SUITE_COMMIT={commit}");
    // Whether there are changes is looked at again with each change of what the program is made of.
    for made_of in
        ["build.rs", "src", "Cargo.toml", "../engine/src", "../loadgen/src", "../Cargo.lock"]
    {
        println!("cargo::rerun-if-changed={made_of}");
    }
    // Where a commit, or another branch, is noted. What is not there would be looked for in every build.
    for noted in ["HEAD", "logs/HEAD"] {
        let path = git(root, &["rev-parse", "--git-path", noted]).map(|path| root.join(path));
        if let Some(path) = path.filter(|path| path.exists()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// As it is checked out, with `+` where there are changes. Nothing where the sources lie in no checkout, or
/// in that of something else.
fn commit(root: &Path) -> Option<String> {
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(root, &["rev-parse", "--short=12", "HEAD"])?;
    // The index of results is written by this program, and changes nothing in it.
    let all_but_results = ["--", ":/", ":(top,exclude)results"];
    let status = ["status", "--porcelain", "--untracked-files=no"];
    let changes = git(root, &[&status[..], &all_but_results].concat())?;
    Some(if changes.is_empty() { commit } else { commit + "+" })
}

/// What it prints, if it can be run and has nothing against it.
fn git(root: &Path, args: &[&str]) -> Option<String> {
    // A build waits for nobody who has the repository open.
    let output =
        Command::new("git").arg("--no-optional-locks").args(args).current_dir(root).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
}
