//! The two programs that read a token from a file, this one and `loadgen`, take the same files and refuse the same.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

const SECRET: &str = "0123456789-secret";

/// Whatever takes longer waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(20);

fn replica(listen: &str, directory: &Path, token: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_millstream-replica"));
    program.args(["--listen", listen, "--dir"]).arg(directory).arg("--token-file").arg(token);
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// Whether the replica takes the file as one with the secret. It goes no further than to an address that no machine
/// has.
fn is_taken_by_the_replica(directory: &Path, token: &Path) -> bool {
    let mut child = replica("192.0.2.1:7799", directory, token).spawn().unwrap();
    let until = Instant::now() + PATIENCE;
    let code = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().unwrap();
                panic!("it waits for {}", token.display());
            }
        }
    };
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!said.contains(SECRET) && said.len() < 1000, "{said}");
    match code {
        Some(1) => assert!(said.contains("--listen"), "{said}"),
        code => assert!(code == Some(2) && said.contains("--token-file"), "{code:?} {said}"),
    }
    code == Some(1)
}

fn is_taken_by_loadgen(token: &Path) -> bool {
    let (tell, told) = channel();
    let file = token.to_owned();
    thread::spawn(move || tell.send(loadgen::Token::from_file(&file)));
    let read = told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{}", token.display()));
    match read {
        Ok(token) => assert_eq!(token.secret(), SECRET),
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains(&token.display().to_string()), "{said}");
            assert!(!said.contains(SECRET) && said.len() < 1000, "{said}");
            return false;
        }
    }
    true
}

#[test]
fn both_take_the_same_files_and_wait_for_none() {
    let home = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| {
        let path = home.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let fifo = home.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let taken: Vec<PathBuf> = ["", "\n", "\r\n"]
        .iter()
        .enumerate()
        .map(|(n, end)| put(&format!("taken {n}"), format!("{SECRET}{end}").as_bytes()))
        .collect();
    let with = |behind: &[u8]| [SECRET.as_bytes(), behind].concat();
    let refused = [
        put("empty", b""),
        put("newline", b"\n"),
        put("short", b"0123456789\n"),
        put("space", b"0123456789 secret\n"),
        put("two lines", &with(b"\nmore\n")),
        put("two newlines", &with(b"\n\n")),
        put("too long", &[b'x'; 257]),
        put("much", &[b'x'; 100_000]),
        put("newlines", &with(&[b'\n'; 10_000])),
        put("no text", &with(b"\xff\n")),
        home.path().to_owned(),
        home.path().join("none"),
        fifo,
        "/dev/zero".into(),
    ];
    let files =
        taken.iter().map(|file| (file, true)).chain(refused.iter().map(|file| (file, false)));
    for (file, is_one) in files {
        let both = (is_taken_by_loadgen(file), is_taken_by_the_replica(home.path(), file));
        assert_eq!(both, (is_one, is_one), "{}", file.display());
    }
}

/// What the replica says between its start and its end.
fn said_by_the_replica(directory: &Path, token: &Path) -> String {
    let mut child = replica("127.0.0.1:0", directory, token).spawn().unwrap();
    let mut says = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    says.read_line(&mut said).unwrap();
    assert!(said.contains("listening on"), "{said}");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    says.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    said
}

#[test]
fn both_tell_of_a_file_that_others_may_read_or_write() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    fs::write(&file, SECRET).unwrap();
    let copies = home.path().join("copies");
    for (mode, others_may) in
        [(0o600, false), (0o400, false), (0o644, true), (0o620, true), (0o602, true)]
    {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let sentence = format!("others than its owner may read or write it (mode {mode:04o})");
        let token = loadgen::Token::from_file(&file).unwrap();
        let told = token.warning().map(|said| said.contains(&sentence));
        assert_eq!(told, others_may.then_some(true), "{mode:o}");
        let said = said_by_the_replica(&copies, &file);
        assert_eq!(said.contains(&sentence), others_may, "{mode:o}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
    let mode = fs::metadata(&copies).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "what jobs have received is in it");
}
