use super::*;
use crate::conf::Conf;
use crate::intake::tls::flood::{Flood, meet};

const SECRET: &str = "0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(60);

/// An entrance where a token is to be shown, and a peer in it that has shaken hands.
fn entered() -> (Entrance, Flood) {
    let (server, socket, mut flood) = meet();
    let token = Conf::new("t").receiver_token(SECRET).exposure.token;
    let mut entrance = Entrance::new(Wrapping::TlsServer(server), token, 16);
    let peer = socket.peer_addr().unwrap();
    let made = Made { id: 7, stream: TcpStream::from_std(socket), peer };
    assert!(entrance.welcome(made).unwrap().is_none());
    flood.shake_hands(|| {
        entrance.stir(7);
        assert!(entrance.look().is_empty());
    });
    (entrance, flood)
}

/// Whether it looks again at once, without an event.
fn is_busy(entrance: &Entrance) -> bool {
    entrance.due().is_some_and(|due| due <= Instant::now())
}

#[test]
fn a_token_behind_records_that_hold_nothing_is_found_a_turn_at_a_time() {
    let (mut entrance, mut flood) = entered();
    assert!(!is_busy(&entrance));
    let shown = format!("TOKEN {SECRET}\n");
    assert!(flood.send(SHOWS_WITHIN_BYTES as usize / 2, shown.as_bytes(), || ()));
    let (mut looks_again, begun) = (0, Instant::now());
    while entrance.shown() == 0 {
        // The socket may have more with an event only, which is then this.
        entrance.stir(7);
        assert!(entrance.look().is_empty() && begun.elapsed() < PATIENCE);
        looks_again += u32::from(is_busy(&entrance));
    }
    assert!(looks_again > 0, "what is left waits for an event that may not come");
    assert!(!is_busy(&entrance) && entrance.next_shown().is_some());
}

#[test]
fn who_floods_the_door_and_shows_nothing_is_sent_away_long_before_its_time_is_over() {
    let (mut entrance, mut flood) = entered();
    let (mut denied, begun) = (Vec::new(), Instant::now());
    flood.send(8 * SHOWS_WITHIN_BYTES as usize, &[], || {
        entrance.stir(7);
        denied.extend(entrance.look());
        if let Some(Denied { newcomer, .. }) = denied.first_mut() {
            newcomer.transport.socket().shutdown(std::net::Shutdown::Both).ok();
        }
    });
    while denied.is_empty() {
        assert!(begun.elapsed() < PATIENCE);
        entrance.stir(7);
        denied.extend(entrance.look());
    }
    let denied = &denied[0];
    assert_eq!(denied.denial, Denial::WrongToken);
    assert!(denied.why.contains("131072 bytes"), "{}", denied.why);
    let taken = denied.newcomer.transport.unsealed_bytes();
    assert!(taken < 2 * SHOWS_WITHIN_BYTES, "{taken}");
    assert_eq!(entrance.taken(), 0);
}
