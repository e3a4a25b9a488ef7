//! A receiver of one's own: the lines that are appended to a file, printed every second.
//!
//!     cargo run --release --example custom_receiver app.log   # in one terminal; the file may come later
//!     echo hello >> app.log                                   # in another, as often as you like

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use millstream::{BoxError, Conf, Receiver, Store, StreamingContext, secs};

struct Tail {
    path: String,
    /// How far its lines are stored: a new start goes on from there.
    stored_bytes: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver for Tail {
    type Item = String;

    fn on_start(&mut self, store: Store<String>) -> Result<(), BoxError> {
        // Where this fails, the engine starts the receiver again after a while.
        let mut file = BufReader::new(File::open(&self.path)?);
        file.seek(SeekFrom::Start(self.stored_bytes.load(Ordering::SeqCst)))?;
        let stored_bytes = self.stored_bytes.clone();
        self.thread = Some(spawn(move || {
            let mut line = String::new();
            while !store.is_stopped() {
                match file.read_line(&mut line) {
                    Ok(0) => sleep(Duration::from_millis(20)),
                    Ok(_) if line.ends_with('\n') => {
                        let bytes = line.len() as u64;
                        if store.store(take(&mut line)).is_ok() {
                            stored_bytes.fetch_add(bytes, Ordering::SeqCst);
                        }
                    }
                    Ok(_) => {} // the rest of the line has not been written yet
                    Err(e) => store.restart(e.to_string()),
                }
            }
        }));
        Ok(())
    }

    fn on_stop(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("the thread that read {} panicked", self.path);
        }
    }
}

fn main() -> Result<(), BoxError> {
    let path = std::env::args().nth(1).ok_or("which file? give its path, as in app.log")?;
    let ssc = StreamingContext::new(Conf::new("tail"), secs(1))?;
    let running = ssc.start(move |s| {
        let path = path.clone();
        let lines = s.receiver_stream(move || Tail {
            path: path.clone(),
            stored_bytes: Arc::default(),
            thread: None,
        });
        lines.map(|line| line.trim_end().to_owned()).print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    running.await_termination()?;
    Ok(())
}
