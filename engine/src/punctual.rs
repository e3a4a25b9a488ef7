//! Timed waits that end on time.

/// Has the kernel wake the calling thread when a timed wait of it is over. Linux usually allows itself
/// 50 µs more, to wake several threads at once; a batch would begin that much later.
///
/// Cost: none but for the wake-ups that are no longer shared. Elsewhere than on Linux this does
/// nothing.
pub(crate) fn wake_this_thread_in_time() {
    // A sandbox may forbid it: then batches begin a little later.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_timerslack(1).unwrap_or(());
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_kernel_may_not_wake_this_thread_late() {
        super::wake_this_thread_in_time();
        assert_eq!(nix::sys::prctl::get_timerslack(), Ok(1));
    }
}
