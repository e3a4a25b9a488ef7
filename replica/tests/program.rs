//! The program as a process of its own: a job has its copy there, and it ends when it is told to.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use millstream::{Conf, Queue, Stop, StreamingContext, secs};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const TOKEN: &str = "0123456789-secret";

fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_millstream-replica"));
    program.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

fn ended(arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.code().unwrap(), text)
}

/// A program that listens, where, and what it says.
struct Listening {
    child: Child,
    address: String,
    says: BufReader<ChildStderr>,
}

impl Listening {
    fn start(arguments: &[&str]) -> Listening {
        let mut child = program(arguments).spawn().unwrap();
        let mut says = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        says.read_line(&mut line).unwrap();
        let address = line.split("listening on ").nth(1).unwrap_or_else(|| panic!("{line}"));
        let address = address.split(',').next().unwrap().to_owned();
        Listening { child, address, says }
    }

    /// Tells it to end; answers its exit code and the rest of what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        let mut rest = String::new();
        self.says.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

#[test]
fn a_job_has_its_copy_there_and_it_ends_when_it_is_told_to() {
    let home = tempfile::tempdir().unwrap();
    let (copies, token) = (home.path().join("copies"), home.path().join("token"));
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let (copies_text, token_text) = (copies.to_str().unwrap(), token.to_str().unwrap());
    let flags = ["--listen", "0", "--dir", copies_text, "--token-file", token_text];
    let replica = Listening::start(&flags);

    let conf = Conf::new("a job").write_ahead_log(true).replica(&*replica.address, TOKEN);
    let made = || StreamingContext::new(conf, secs(1));
    let ssc = StreamingContext::get_or_create(home.path().join("job"), made).unwrap();
    let queue = Queue::<u64>::new();
    let running = ssc
        .start(move |s| {
            s.recoverable_queue_stream(&queue).print();
            Ok(())
        })
        .unwrap();
    running.stop(Stop::Graceful).unwrap();
    let copied = |name: &str| fs::read(copies.join("a%20job").join(name)).unwrap();
    assert_eq!(copied("identity"), fs::read(home.path().join("job/identity")).unwrap());
    copied("checkpoint-0000000000");
    for directory in ["", "a%20job", "a%20job/blocks", "a%20job/batches"] {
        let mode = fs::metadata(copies.join(directory)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{directory}: records are in it, as they came");
    }

    let (code, said) = replica.end();
    assert_eq!(code, Some(0));
    for part in ["has the directory a%20job", "has gone", "stopped"] {
        assert!(said.contains(part), "{part:?} is missing: {said}");
    }
    assert!(!said.contains(TOKEN));
}

#[test]
fn what_is_wrong_is_said_and_the_exit_code_says_so() {
    let home = tempfile::tempdir().unwrap();
    let short = home.path().join("short");
    fs::write(&short, "short\n").unwrap();
    let (directory, short) = (home.path().to_str().unwrap(), short.to_str().unwrap());
    let (code, said) = ended(&["--dir", directory, "--token-file", short]);
    let named = format!("--token-file {short}: ");
    assert!(code == 2 && said.contains(&named) && said.contains("16 to 256"), "{said}");
    assert!(!said.contains("--listen"), "{said}");
    let (code, said) = ended(&["--dir", directory, "--token-file", "/none"]);
    assert!(code == 2 && said.contains("--token-file /none"), "{said}");
    let flags = ["--dir", directory, "--token-file", short, "--max-bytes", "0"];
    let (code, said) = ended(&flags);
    assert!(code == 2 && said.contains("--max-bytes") && said.contains("no copy"), "{said}");
    for idle in ["0s", "584000000000y"] {
        let (code, said) = ended(&["--dir", directory, "--token-file", short, "--idle", idle]);
        assert!(code == 2 && said.contains("--idle <TIME>") && said.contains("1ms"), "{said}");
    }
    let (code, said) = ended(&["--dir", directory]);
    assert!(code == 2 && said.contains("--token-file"), "{said}");
    let (code, said) = ended(&["--listen", "nowhere", "--dir", directory, "--token-file", short]);
    assert!(code == 2 && said.contains("HOST:PORT"), "{said}");
    let (code, said) = ended(&["--help"]);
    assert!(code == 0 && said.contains("Exit codes:") && said.contains("127.0.0.1:7799"), "{said}");
}
