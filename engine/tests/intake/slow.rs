//! Many who send hardly anything, in every bad way at once: whoever sends well is served all the while, and
//! every whole line counts once.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration as StdDuration, Instant};

use millstream::secs;

use crate::reset::reset;
use crate::rig::{Rig, assert_closed, conf, wait_until};

/// So many of each kind.
const EACH: usize = 50;

/// The slow ones send a byte so often.
const BYTE_EVERY: StdDuration = StdDuration::from_millis(20);

const LINE: &[u8] = b"a slow line of 24 bytes\n";

/// A client that sends its two lines a byte at a time.
struct Slow {
    stream: TcpStream,
    sent: usize,
}

impl Slow {
    /// Sends its next byte; says whether there was one.
    fn send_a_byte(&mut self) -> bool {
        let byte = LINE[self.sent % LINE.len()];
        let is_left = self.sent < 2 * LINE.len();
        if is_left {
            self.stream.write_all(&[byte]).expect("the engine reads");
            self.sent += 1;
        }
        is_left
    }
}

#[test]
fn slow_stalling_resetting_and_half_open_senders_cost_nobody_a_line() {
    let rig = Rig::of_lines(conf().memory_bytes(64 << 20).idle_timeout(secs(3)));
    let mut slow: Vec<_> = (0..EACH).map(|_| Slow { stream: rig.client(), sent: 0 }).collect();
    let mut stalled: Vec<_> = (0..EACH).map(|_| rig.client()).collect();
    let mut half_open: Vec<_> = (0..EACH).map(|_| rig.client()).collect();
    let resetting: Vec<_> = (0..EACH).map(|_| rig.client()).collect();
    // One of its lines is whole, and is in; then it falls silent in the middle of another.
    for client in &mut stalled {
        client.write_all(b"stalled\nin the mid").expect("the engine reads");
    }
    rig.close_blocks_until((8 * EACH) as u64);
    for mut client in resetting {
        client.write_all(b"a part").expect("the engine reads");
        reset(client);
    }
    let (mut steady, mut steady_lines) = (rig.client(), 0);
    let mut next = Instant::now();
    wait_until("the slow to send their lines and the silent to be closed", || {
        steady.write_all(b"steady\n").expect("the engine reads");
        steady_lines += 1;
        if Instant::now() >= next {
            next += BYTE_EVERY;
            let sent = slow.iter_mut().map(Slow::send_a_byte).filter(|sent| *sent).count();
            return (sent == 0 && rig.ear.disconnected() >= 3 * EACH).then_some(());
        }
        None
    });
    drop((slow, steady));
    rig.ear.wait_for_ends(4 * EACH + 1);
    stalled.iter_mut().chain(&mut half_open).for_each(assert_closed);
    let lines = rig.batch();
    let count = |wanted: &str| lines.iter().filter(|line| *line == wanted).count();
    assert_eq!(count("steady"), steady_lines);
    assert_eq!((count("a slow line of 24 bytes"), count("stalled")), (2 * EACH, EACH));
    // What a reset left in the kernel may be lost with it; what was read counts as a last line.
    let parts = count("a part");
    assert_eq!(lines.len(), steady_lines + 3 * EACH + parts);
    let counts = rig.counts();
    assert_eq!((counts.rejected, counts.unterminated), (EACH as u64, (EACH + parts) as u64));
    assert_eq!(counts.records, lines.len() as u64);
}
