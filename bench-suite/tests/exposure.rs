//! A listener that takes lines only of those that know its token, and the load generator that does.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use loadgen::{Data, Load, Summary, Token, send};
use millstream::disk::MemoryDisk;
use millstream::testing::Collector;
use millstream::{Conf, Running, Scope, Stop, StreamingContext, millis};
use tempfile::TempDir;

const SECRET: &str = "b7c1e4a90d2f4c55";
const LINES: u64 = 10_000;

fn token(folder: &TempDir, secret: &str) -> Token {
    let file = folder.path().join("token");
    fs::write(&file, format!("{secret}\n")).unwrap();
    Token::from_file(&file).unwrap()
}

fn load(token: Option<Token>) -> Load {
    let data = Data { text_bytes: 1 << 20, ..Data::default() };
    Load { data, records: Some(LINES), connections: 3, token, ..Load::default() }
}

fn sent(address: SocketAddr, load: &Load) -> Summary {
    send(&[address.to_string()], load, &loadgen::Stop::new(), |_| {}).unwrap()
}

/// A stream that counts its lines, and has a token.
fn counting(
    stream: impl for<'b> Fn(&Scope<'b>, Collector<usize>) + Send + Sync + 'static,
) -> (Running, Collector<usize>) {
    let conf = Conf::new("guarded").parallelism(1).receiver_token(SECRET);
    let conf = conf.write_ahead_log(true).disk(MemoryDisk::default());
    let create = || StreamingContext::new(conf, millis(50));
    let ssc = StreamingContext::get_or_create("/guarded", create).unwrap();
    let out = Collector::new();
    let collected = out.clone();
    let running = ssc
        .start(move |s| {
            stream(s, collected.clone());
            Ok(())
        })
        .unwrap();
    (running, out)
}

fn counted(out: &Collector<usize>) -> u64 {
    out.take().into_iter().map(|(_, lengths)| lengths.len() as u64).sum()
}

#[test]
fn lines_and_acknowledged_lines_arrive_behind_the_token_and_none_without_it() {
    let folder = TempDir::new().unwrap();
    let known = || Some(token(&folder, SECRET));
    let (running, out) =
        counting(|s, out| out.collect(&s.listen_text_stream(":0").map(|line| line.len())));
    assert_eq!(sent(running.listening()[0], &load(known())).connections_lost, 0);
    running.stop(Stop::Graceful).unwrap();
    assert_eq!(counted(&out), LINES);

    let (running, out) =
        counting(|s, out| out.collect(&s.acknowledged_text_stream(":0").map(|line| line.len())));
    let sender = Some("guarded".parse().unwrap());
    let acknowledged = Load { sender: sender.clone(), ..load(known()) };
    assert!(sent(running.listening()[0], &acknowledged).valid);
    let strange = Load { sender, ..load(Some(token(&folder, "b7c1e4a90d2f4c56"))) };
    let refused = sent(running.listening()[0], &strange).reason.unwrap();
    assert!(refused.contains("it is refused: the first line must be TOKEN SECRET"), "{refused}");
    running.stop(Stop::Graceful).unwrap();
    assert_eq!(counted(&out), LINES);
}

#[test]
fn a_job_warns_of_a_token_that_others_may_read() {
    let folder = TempDir::new().unwrap();
    token(&folder, SECRET);
    let file = folder.path().join("token");
    let warns = |mode: u32, form: &str| -> Option<String> {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let flags =
            ["--listen", "127.0.0.1:0", "--for", "100ms", "--batch", "50ms", "--progress", form];
        let mut job = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
        let job = job.args(["job", "count"]).args(flags).arg("--token-file").arg(&file);
        let output = job.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !told.contains(SECRET), "{told}");
        told.lines().find(|line| line.contains("holds a secret")).map(str::to_owned)
    };
    assert_eq!(warns(0o600, "none"), None);
    let plain = warns(0o644, "none").unwrap();
    assert!(plain.starts_with("bench-suite: ") && plain.contains("(mode 0644)"), "{plain}");
    let line: serde_json::Value = serde_json::from_str(&warns(0o644, "ndjson").unwrap()).unwrap();
    assert!(line["warning"].as_str().unwrap().contains("(mode 0644)"), "{line}");
}

#[test]
fn a_job_that_listens_to_everybody_says_which_flag_guards_it() {
    for form in ["none", "live", "ndjson"] {
        let mut job = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
        let flags = ["--listen", "0.0.0.0:0", "--for", "100ms", "--batch", "50ms"];
        let output = job.args(["job", "count", "--progress", form]).args(flags).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let warnings: Vec<_> =
            told.lines().filter(|line| line.contains("it listens on 0.0.0.0")).collect();
        assert!(output.status.success() && warnings.len() == 1, "{form}: {told}");
        assert!(warnings[0].contains("give --token-file"), "{form}: {told}");
        assert!(!told.contains("Conf::"), "{form}: {told}");
    }
}

#[test]
fn a_job_takes_its_token_from_a_file() {
    let folder = TempDir::new().unwrap();
    let (wrong, right) = (token(&folder, "0000000000000000"), token(&folder, SECRET));
    let mut job = Command::new(env!("CARGO_BIN_EXE_bench-suite"))
        .args([
            "job",
            "count",
            "--listen",
            "127.0.0.1:0",
            "--for",
            "4s",
            "--batch",
            "100ms",
            "--json",
        ])
        .arg("--token-file")
        .arg(folder.path().join("token"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(job.stderr.take().unwrap());
    let mut listening = String::new();
    while !listening.starts_with("listening on ") {
        listening.clear();
        assert_ne!(told.read_line(&mut listening).unwrap(), 0, "it listens");
    }
    let address = listening.trim_end().strip_prefix("listening on ").unwrap().parse().unwrap();
    // Lines go into the kernel's buffers before the engine closes: a plain sender that waits for nothing cannot tell.
    sent(address, &load(None));
    assert!(sent(address, &load(Some(wrong))).connections_lost > 0);
    assert_eq!(sent(address, &load(Some(right))).connections_lost, 0);
    let (mut rest, mut summary) = (String::new(), String::new());
    told.read_to_string(&mut rest).unwrap();
    job.stdout.take().unwrap().read_to_string(&mut summary).unwrap();
    assert!(job.wait().unwrap().success(), "{rest}");
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["records"], LINES);
    assert!(rest.contains("connections were denied") && !rest.contains(SECRET), "{rest}");
}
