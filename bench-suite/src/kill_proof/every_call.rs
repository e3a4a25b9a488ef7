//! Kills the job at each call by which it changes its files, one run for each: `strace` counts a thread's
//! calls, and kills at the one that is asked for. What then recovers is killed at such a call too.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::found::Found;
use super::life::Job;
use super::of_call::OfCall;
use super::{checker, cuts};
use crate::killable::outputs_in;
use crate::port::free_port;
use crate::senders::{Asked, Senders, Source};
use crate::stderr;

/// The program that kills.
const TRACER: &str = "strace";

/// The calls, as the program knows them. Other architectures lack some.
const CALLS: [&str; 11] = [
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "fdatasync",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
];

/// So many runs go on at once; most of a run's time is that of its batches.
const AT_ONCE: usize = 4;

/// The lines of a run, over one connection, and how long they take: twenty batches.
const RECORDS: u64 = 400;
const RATE: &str = "1k";
pub(super) const BATCH: Duration = Duration::from_millis(20);

/// The recovery after the n-th call is killed at one of the first so many calls.
const CALLS_OF_A_RECOVERY: u64 = 24;

/// A life that goes on for longer is a failure.
const LIFE_LIMIT: Duration = Duration::from_secs(60);

/// How often it is looked whether a life is over.
const LOOK: Duration = Duration::from_millis(5);

const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A kind of call that is being gone through.
struct Going {
    next: AtomicU64,
    /// A life has ended by itself before it came to its n-th call, so there are no more.
    is_over: Mutex<bool>,
    so_far: Mutex<OfCall>,
}

/// How one run went.
struct Run {
    /// Whether the life was killed, and by a call of the writer's.
    killed: Option<bool>,
    recovery_killed: bool,
    found: Found,
}

/// Goes through all calls; the first violation's files stay in `directory`.
pub(super) fn run(directory: &Path, seed: u64) -> Result<(Vec<OfCall>, Vec<String>)> {
    check_tracer()?;
    let all: Vec<Going> = CALLS
        .iter()
        .map(|&call| Going {
            next: AtomicU64::new(1),
            is_over: Mutex::new(false),
            so_far: Mutex::new(OfCall { call, ..OfCall::default() }),
        })
        .collect();
    let sentences = Mutex::new(Vec::new());
    let outcomes: Vec<Result<()>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    all.iter().try_for_each(|going| go_through(going, directory, seed, &sentences))
                })
            })
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.map(|joined| joined.unwrap_or_else(|_| bail!("a run has panicked"))).collect()
    });
    outcomes.into_iter().collect::<Result<Vec<()>>>()?;
    let of_calls = all.into_iter().map(|going| locked(&going.so_far).clone()).collect();
    Ok((of_calls, locked(&sentences).clone()))
}

/// Kills at the calls of a kind, one after the other, until there are no more.
fn go_through(
    going: &Going,
    directory: &Path,
    seed: u64,
    sentences: &Mutex<Vec<String>>,
) -> Result<()> {
    while !*locked(&going.is_over) {
        let nth = going.next.fetch_add(1, Ordering::Relaxed);
        let call = locked(&going.so_far).call;
        let place = directory.join(format!("{call}-{nth}"));
        fs::create_dir(&place).with_context(|| place.display().to_string())?;
        let run = one(call, nth, &place, seed)
            .with_context(|| format!("killed at its {nth}th {call}, in {}", place.display()))?;
        let wrong: u64 = run.found.violations().iter().map(|(_, count)| count).sum();
        let wrong = wrong + u64::from(!run.found.is_clean() && wrong == 0);
        let mut so_far = locked(&going.so_far);
        match run.killed {
            Some(by_the_writer) => {
                so_far.kills += 1;
                so_far.of_the_writer += u64::from(by_the_writer);
            }
            None => *locked(&going.is_over) = true,
        }
        so_far.recoveries_killed += u64::from(run.recovery_killed);
        so_far.violations += wrong;
        if so_far.kills > 0 && so_far.kills.is_multiple_of(50) {
            stderr::tell(format_args!("kill-proof: {} kills at {call}", so_far.kills));
        }
        drop(so_far);
        if wrong > 0 {
            let said = run.found.sentences.iter().map(|s| format!("{call} {nth}: {s}"));
            locked(sentences).extend(said);
        } else {
            fs::remove_dir_all(&place).with_context(|| place.display().to_string())?;
        }
    }
    Ok(())
}

/// A life that is killed at its n-th call, a recovery that is killed too, and a last life.
fn one(call: &'static str, nth: u64, place: &Path, seed: u64) -> Result<Run> {
    let job = Job {
        source: Source::Acknowledged,
        port: free_port()?,
        directory: place.to_path_buf(),
        batch: BATCH,
        block: BATCH / 2,
        checkpoints: BATCH * 5,
        replica: None,
    };
    let senders = Senders::start(Asked {
        name: "kill-proof",
        source: job.source,
        address: job.address(),
        rate: RATE.parse()?,
        records: Some(RECORDS),
        connections: 1,
        seed,
    });
    let trace = place.join("calls");
    let is_killed = killed_life(&job, call, nth, &trace, &senders)?;
    let killed = is_killed.then(|| reached(&trace, nth)).transpose()?;
    let recovery_killed = is_killed && {
        let nth = (nth - 1) % CALLS_OF_A_RECOVERY + 1;
        killed_life(&job, call, nth, &place.join("calls-of-recovery"), &senders)?
    };
    let mut life = job.begin(STOP_WITHIN)?;
    life.recovered()?;
    wait_for(|| Ok(senders.are_done().then_some(())), "the senders are not done")?;
    let sent = senders.end()?;
    if !life.stop()?.drained {
        bail!("the last life was to drain everything, and has not");
    }
    let (outputs, batch_ms) = (outputs_in(place), BATCH.as_millis() as i64);
    let found = checker::check(&outputs, batch_ms, &sent, cuts::most_bytes())?;
    Ok(Run { killed, recovery_killed, found })
}

/// A life that is killed when one of its threads makes such a call for the n-th time. Once everything is
/// sent it is told to stop. Says whether it was killed.
fn killed_life(job: &Job, call: &str, nth: u64, trace: &Path, senders: &Senders) -> Result<bool> {
    let flags = [
        // The job is our child, and its tracer nobody's.
        "-D".into(),
        "-f".into(),
        "-qq".into(),
        "-Y".into(),
        format!("-o{}", trace.display()),
        format!("-etrace={call}"),
        format!("-einject={call}:signal=SIGKILL:when={nth}"),
    ];
    let mut life = job.begin_under(Path::new(TRACER), &flags, STOP_WITHIN)?;
    let (mut has_begun, mut is_told) = (false, false);
    wait_for(
        || {
            has_begun = has_begun || life.has_spoken();
            if senders.are_done() && has_begun && !is_told {
                is_told = true;
                life.ask_to_end()?;
            }
            life.was_killed()
        },
        "the life under the tracer does not end",
    )
}

/// Waits until there is an answer.
fn wait_for<T>(mut ask: impl FnMut() -> Result<Option<T>>, or_else: &str) -> Result<T> {
    let until = Instant::now() + LIFE_LIMIT;
    while Instant::now() < until {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        thread::sleep(LOOK);
    }
    bail!("{or_else}")
}

/// Whether the thread that has come to its n-th call is the one that writes files. A line of a trace is
/// `ID<NAME> CALL(..)`.
fn reached(trace: &Path, nth: u64) -> Result<bool> {
    let text = fs::read_to_string(trace).with_context(|| trace.display().to_string())?;
    let begun = text.lines().filter(|line| !line.contains("resumed>"));
    let calls = begun.filter(|line| line.contains('('));
    let of_the_writer =
        calls.filter(|line| line.split(' ').next().is_some_and(|who| who.ends_with("<writer>")));
    Ok(of_the_writer.count() as u64 >= nth)
}

fn check_tracer() -> Result<()> {
    let asked = Command::new(TRACER).arg("--version").stdout(Stdio::null()).status();
    match asked {
        Ok(status) if status.success() => Ok(()),
        _ => bail!(
            "--every-call needs {TRACER}, which cannot be run here; install it, for instance with \
             apt-get install {TRACER}"
        ),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_come_to_the_nth_call_is_told_by_the_trace() {
        let home = tempfile::tempdir().unwrap();
        let trace = home.path().join("calls");
        let text = "11449<driver> fsync(5)                  = 0\n\
                    11452<writer> fsync(7 <unfinished ...>\n\
                    11449<driver> fsync(5)                  = 0\n\
                    11452<writer> <... fsync resumed>)      = 0\n\
                    11449<driver> fsync(5)                  = ?\n\
                    11452<writer> +++ killed by SIGKILL +++\n";
        fs::write(&trace, text).unwrap();
        assert!(!reached(&trace, 3).unwrap());
        assert!(!reached(&trace, 2).unwrap());
        assert!(reached(&trace, 1).unwrap());
    }
}
