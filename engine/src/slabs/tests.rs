use bytes::Bytes;

use super::*;

fn pool(slabs: u64) -> SlabPool {
    SlabPool::new(slabs * slab_bytes(100) as u64, 100)
}

/// One who takes slabs, and how often it was woken.
fn taker(pool: &SlabPool) -> (Taker, Arc<Mutex<usize>>) {
    let woken = Arc::new(Mutex::new(0));
    let wake = woken.clone();
    (pool.taker(Arc::new(move || *wake.lock() += 1)), woken)
}

fn fill(slab: &mut Slab, byte: u8, n: usize) -> (Bytes, Lease) {
    slab.room()[..n].fill(byte);
    slab.advance(n);
    slab.cut()
}

#[test]
fn what_is_cut_off_stays_while_the_rest_is_filled() {
    let mut slab = pool(2).take(0).unwrap().0;
    let (a, _lease_a) = fill(&mut slab, b'a', 1000);
    let (b, _lease_b) = fill(&mut slab, b'b', 1000);
    assert!(a.iter().all(|&x| x == b'a') && b.iter().all(|&x| x == b'b'));
    assert_eq!((a.len(), b.len()), (1000, 1000));
}

#[test]
fn a_slab_comes_back_with_its_last_bytes_and_is_the_same_memory() {
    let pool = pool(2);
    let mut slab = pool.take(0).unwrap().0;
    let (bytes, lease) = fill(&mut slab, b'x', 10);
    let address = bytes.as_ptr();
    drop(slab);
    assert_eq!(pool.bytes_in_use(), pool.slab_bytes() as u64);
    drop(bytes);
    drop(lease);
    assert_eq!(pool.bytes_in_use(), 0);
    let mut again = pool.take(0).unwrap().0;
    assert_eq!(again.room().as_ptr(), address);
    assert_eq!(again.room().len(), pool.slab_bytes());
}

#[test]
fn a_reused_slab_is_whole_and_holds_only_what_was_written_to_it() {
    // Held against the safe twin: a fresh, zeroed slab written in the same way.
    let pool = pool(2);
    for round in 0..5u8 {
        let mut slab = pool.take(0).unwrap().0;
        let mut twin = vec![0u8; pool.slab_bytes()];
        slab.room().fill(round);
        twin.fill(round);
        slab.advance(pool.slab_bytes());
        let (bytes, lease) = slab.cut();
        assert_eq!(bytes, twin);
        drop((slab, bytes, lease));
    }
}

#[test]
fn at_the_limit_there_is_none_until_one_returns() {
    let pool = pool(2);
    let (a, b) = (pool.take(0).unwrap().0, pool.take(0).unwrap().0);
    let (taker, told) = taker(&pool);
    assert!(taker.take(0).is_none());
    drop(a);
    assert_eq!(*told.lock(), 1);
    assert!(pool.take(0).is_some());
    drop(b);
    assert_eq!(*told.lock(), 1);
}

#[test]
fn what_is_reserved_is_not_handed_out_and_comes_back() {
    let pool = pool(6);
    let slab = pool.slab_bytes() as u64;
    let mut slabs: Vec<Slab> = (0..5).map(|_| pool.take(0).unwrap().0).collect();
    slabs.truncate(3);
    let (mut ours, mut theirs) = (pool.reservation(), pool.reservation());
    ours.set(slab);
    theirs.set(2 * slab);
    assert_eq!((pool.bytes_in_use(), pool.is_full()), (3 * slab, true));
    let (taker, told) = taker(&pool);
    assert!(taker.take(0).is_none());
    theirs.set(2 * slab - 1);
    assert_eq!(*told.lock(), 1);
    slabs.push(pool.take(0).unwrap().0);
    assert!(pool.is_full());
    ours.set(1 << 60);
    slabs.truncate(2);
    assert!(pool.is_full(), "two there are");
    slabs.truncate(1);
    assert!(pool.take(0).is_some());
    drop((ours, theirs));
    slabs.extend((0..5).map(|_| pool.take(0).unwrap().0));
    assert!(pool.take(0).is_none());
}

#[test]
fn who_needs_more_than_a_slab_has_none_before_there_is_room_for_all_of_it() {
    let pool = pool(6);
    let slab = pool.slab_bytes() as u64;
    let told = Arc::new(Mutex::new(0));
    let tell = told.clone();
    let hook: Arc<OnScarcity> = Arc::new(move || *tell.lock() += 1);
    pool.on_scarcity(&hook);
    let (first, ahead) = pool.take(3 * slab).unwrap();
    assert_eq!((pool.limit_bytes(), pool.reserved_bytes()), (3 * slab, 3 * slab));
    let second = pool.take(0).unwrap().0;
    assert_eq!((*told.lock(), pool.is_full()), (0, false));
    let (taker, woken) = taker(&pool);
    assert!(taker.take(slab).is_none());
    assert_eq!((pool.reserved_bytes(), pool.limit_bytes()), (3 * slab, 3 * slab), "as before");
    // Whoever makes room is asked for it, though there is one slab.
    assert_eq!((*told.lock(), pool.is_full(), pool.is_scarce()), (1, true, true));
    assert_eq!(pool.bytes_beyond_half(), slab);
    let mut ahead = ahead;
    let mut other = pool.reservation();
    other.set(slab / 2);
    other.set(slab / 4);
    assert_eq!(*woken.lock(), 0, "that leaves no slab more");
    ahead.set(2 * slab);
    assert_eq!((*woken.lock(), pool.is_full()), (1, false), "nobody waits any more");
    drop((ahead, other));
    let third = pool.take(slab).unwrap();
    assert_eq!((pool.is_full(), pool.limit_bytes()), (false, 5 * slab));
    drop((first, second, third));
    assert_eq!((pool.reserved_bytes(), pool.bytes_in_use()), (0, 0));
    // Two there are always, whatever is reserved.
    let least = (pool.take(1 << 60).unwrap(), pool.take(1 << 60).unwrap());
    assert!(pool.take(0).is_none());
    drop(least);
}

#[test]
fn others_know_what_who_waits_needs_now_and_no_longer_than_it_waits() {
    let pool = pool(12);
    let slab = pool.slab_bytes() as u64;
    let held: Vec<_> = (0..5).map(|_| pool.take(0).unwrap()).collect();
    let (waits, woken) = taker(&pool);
    let (passes_by, _) = taker(&pool);
    assert!(waits.take(7 * slab).is_none());
    assert_eq!((pool.is_waited_for(), pool.is_full()), (true, true));
    drop(passes_by.take(0).unwrap());
    assert_eq!((*woken.lock(), pool.returned()), (1, 1));
    assert!(waits.take(10 * slab).is_none());
    assert_eq!(pool.bytes_beyond_half(), 4 * slab, "of two");
    assert!(waits.take(7 * slab).is_none(), "it asks for less");
    assert_eq!(pool.bytes_beyond_half(), 3 * slab, "of five");
    let got = waits.take(6 * slab).unwrap();
    assert_eq!((pool.is_waited_for(), *woken.lock()), (false, 1));
    assert!(waits.take(slab).is_none());
    drop(waits);
    assert!(!pool.is_waited_for(), "who has gone waits no more");
    drop((held, got));
    assert_eq!(pool.returned(), 7);
}

#[test]
fn whoever_makes_room_hears_when_it_gets_scarce() {
    let pool = pool(4);
    let told = Arc::new(Mutex::new(0));
    let tell = told.clone();
    let hook: Arc<OnScarcity> = Arc::new(move || *tell.lock() += 1);
    pool.on_scarcity(&hook);
    let slabs = [pool.take(0).unwrap().0, pool.take(0).unwrap().0];
    assert_eq!((*told.lock(), pool.is_scarce(), pool.bytes_beyond_half()), (0, false, 0));
    let third = pool.take(0).unwrap().0;
    assert_eq!((*told.lock(), pool.is_scarce()), (1, true));
    assert_eq!(pool.bytes_beyond_half(), pool.slab_bytes() as u64);
    // Who has gone hears nothing.
    drop(hook);
    let fourth = pool.take(0).unwrap().0;
    assert_eq!(*told.lock(), 1);
    drop((slabs, third, fourth));
}

#[test]
fn bytes_kept_beyond_their_lease_stay_right_and_cost_the_pool_nothing() {
    let pool = pool(2);
    let mut slab = pool.take(0).unwrap().0;
    let (bytes, lease) = fill(&mut slab, b'k', 10);
    drop((slab, lease));
    assert_eq!(pool.bytes_in_use(), 0);
    let mut other = pool.take(0).unwrap().0;
    other.room().fill(b'!');
    assert_eq!(&bytes[..], b"kkkkkkkkkk");
}
