//! The bare sender: nothing but writes.

use std::io::{self, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use loadgen::Stop;

/// The size of a write that loopback takes fastest, about.
const WRITE_BYTES: usize = 512 << 10;

/// How long a pulled switch may go unnoticed where the reader does not read.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for so many clients and feeds each the same text, over and over, from a thread and a
/// blocking socket of its own; until `stop` is pulled or they have gone. Gives the bytes sent.
pub fn send(
    listener: &TcpListener,
    connections: usize,
    text: &[u8],
    stop: &Stop,
) -> io::Result<u64> {
    let clients: Vec<TcpStream> =
        (0..connections).map(|_| Ok(listener.accept()?.0)).collect::<io::Result<_>>()?;
    thread::scope(|scope| {
        let send = |client: TcpStream| scope.spawn(move || send_to(client, text, stop));
        let senders: Vec<_> = clients.into_iter().map(send).collect();
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    })
}

fn send_to(mut client: TcpStream, text: &[u8], stop: &Stop) -> io::Result<u64> {
    client.set_write_timeout(Some(LOOK))?;
    let mut bytes = 0;
    for part in text.chunks(WRITE_BYTES).cycle() {
        let mut rest = part;
        while !rest.is_empty() && !stop.is_stopped() {
            match client.write(rest) {
                Ok(sent) => {
                    bytes += sent as u64;
                    rest = &rest[sent..];
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                // The client has gone.
                Err(_) => return Ok(bytes),
            }
        }
        if stop.is_stopped() {
            break;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_client_gets_the_text_over_and_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(move || {
                    let mut read = [0; 10];
                    TcpStream::connect(address).unwrap().read_exact(&mut read).unwrap();
                    read
                })
            })
            .collect();
        let bytes = send(&listener, 2, b"abc\n", &Stop::new()).unwrap();
        assert!(bytes >= 20);
        assert!(readers.into_iter().all(|reader| &reader.join().unwrap() == b"abc\nabc\nab"));
    }
}
