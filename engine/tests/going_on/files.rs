//! Files: each is taken once, whatever dies, and those that came meanwhile are not overlooked.

use millstream::disk::{Disk, Names};
use millstream::{FileStream, Running, Scope, StreamingContext, Window, secs};

use crate::rig::{BATCH, PATIENCE, Words, World, once};

/// A way to choose files.
type Choice = for<'b> fn(&Scope<'b>) -> Words<'b>;

const CHOICES: [Choice; 2] = [by_time, of_any_age];

fn by_time<'b>(s: &Scope<'b>) -> Words<'b> {
    s.text_file_stream("/in").map(str::to_owned).boxed()
}

fn of_any_age<'b>(s: &Scope<'b>) -> Words<'b> {
    s.file_stream(FileStream::new("/in").any_age(true)).map(str::to_owned).boxed()
}

/// A world with the directory that is watched, in which a file is too old to be new.
fn world() -> World {
    let world = World::new();
    world.disk.put("/in/old", "old", world.clock.now());
    world
}

#[test]
fn each_file_is_there_once_wherever_the_process_dies() {
    for choice in CHOICES {
        for batches in 0..8 {
            let mut world = world();
            let mut expected = Vec::new();
            for life in 0..4 {
                let running = world.live(choice);
                for batch in 0..=batches {
                    let name = format!("{life}.{batch}");
                    world.put(&name);
                    expected.push(name);
                    if batch < batches {
                        running.batch();
                    }
                }
                world = match life {
                    0 => running.die(),
                    1 => running.stop(),
                    _ => running.die_amid_the_next_batch(),
                };
            }
            let running = world.live(choice);
            running.batches(2);
            let names: Vec<&str> = expected.iter().map(String::as_str).collect();
            assert_eq!(running.totals(), once(&names), "{batches} batches a life");
            assert_eq!(world.written(), names, "{batches} batches a life");
            assert_eq!(running.error(), None);
        }
    }
}

#[test]
fn files_that_came_while_the_job_was_down_are_taken_once_however_long_that_was() {
    for choice in CHOICES {
        for gracefully in [true, false] {
            let world = world();
            let life = world.live(choice);
            world.put("a");
            life.batches(5);
            let world = if gracefully { life.stop() } else { life.die() };
            world.clock.advance(secs(60));
            world.put("b");
            world.clock.advance(secs(3000));
            world.put("c");
            world.clock.advance(secs(500));
            let life = world.live(choice);
            life.batches(3);
            assert_eq!(life.totals(), once(&["a", "b", "c"]));
            assert_eq!(world.written(), ["a", "b", "c"]);
        }
    }
}

#[test]
fn after_that_a_file_that_is_too_old_is_none_again() {
    let world = world();
    let life = world.live(by_time);
    life.batch();
    let world = life.die();
    world.clock.advance(secs(1000));
    let life = world.live(by_time);
    life.batch();
    world.disk.put("/in/late", "late", world.clock.now() - secs(60));
    world.disk.put("/in/in-time", "in-time", world.clock.now() - secs(58));
    life.batch();
    assert_eq!(life.totals(), once(&["in-time"]));
}

#[test]
fn without_the_log_files_behind_the_checkpoint_are_read_again_and_states_have_them_once() {
    let world = world();
    let start = |world: &World| {
        world.try_live(world.conf().write_ahead_log(false), by_time).expect("it starts")
    };
    let life = start(&world);
    for name in ["a", "b", "c", "d"] {
        world.put(name);
        life.batch();
    }
    let world = life.die();
    let life = start(&world);
    assert_eq!(life.batch().records, 1, "the first three are in the checkpoint");
    assert_eq!(life.totals(), once(&["a", "b", "c", "d"]));
}

#[test]
fn a_file_that_is_gone_or_changed_and_is_needed_is_a_loss_that_is_told() {
    let world = world();
    let life = world.live(by_time);
    for name in ["appended", "changed", "gone"] {
        world.put(name);
    }
    let world = life.die_amid_the_next_batch();
    world.disk.remove("/in/gone".as_ref()).unwrap();
    world.disk.put("/in/changed", "another", world.clock.now());
    world.disk.put("/in/appended", "appended\nand more", world.clock.now());
    let life = world.live(by_time);
    let troubles = &life.reports()[0].sources[0].troubles;
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    assert!(troubles[0].contains("/in/changed has another content"), "{troubles:?}");
    assert!(troubles[1].contains("/in/gone could not be read again"), "{troubles:?}");
    assert!(troubles.iter().all(|t| t.contains("until a checkpoint")), "{troubles:?}");
    let error = life.error().expect("a loss is told");
    assert!(error.contains("batch 1001000 ms: files in /in could not give all"), "{error}");
    life.batch();
    assert_eq!(life.totals(), once(&["appended"]), "as far as it was read before");
}

#[test]
fn a_state_needs_the_files_of_batches_that_are_done_until_there_is_a_checkpoint() {
    for (batches, is_in_it) in [(2, false), (4, true)] {
        let world = world();
        let life = world.live(by_time);
        world.put("a");
        life.batches(batches);
        let world = life.die();
        world.disk.remove("/in/a".as_ref()).unwrap();
        let life = world.live(by_time);
        let error = life.error();
        assert_eq!(error.is_none(), is_in_it, "{error:?}");
        life.batch();
        assert_eq!(life.totals(), if is_in_it { once(&["a"]) } else { once(&[]) });
    }
}

#[test]
fn outputs_alone_need_no_file_of_a_batch_that_is_done_and_windows_do() {
    for window in [false, true] {
        let world = world();
        let running = stateless(&world, window);
        world.put("a");
        for _ in 0..3 {
            world.clock.advance(BATCH);
            running.wait_for_batch(world.clock.now(), PATIENCE).unwrap();
        }
        let left = world.disk.after_power_failure(Names::Lost);
        drop(running);
        left.remove("/in/a".as_ref()).unwrap();
        let running = stateless(&World { disk: left, ..world }, window);
        let ended = running.await_termination_or_timeout(secs(0));
        assert_eq!(ended.is_err(), window, "{ended:?}");
    }
}

/// A stream without a state, whose checkpoints are far apart.
fn stateless(world: &World, window: bool) -> Running {
    let conf = world.conf().checkpoint_interval(BATCH * 100);
    let ssc = StreamingContext::get_or_create("/job", || StreamingContext::new(conf, BATCH));
    let running = ssc.expect("the settings are right").start(move |s| {
        let lines = s.text_file_stream("/in");
        lines.save_as_text_files("/out/lines", "");
        if window {
            let window = lines.window(Window::every_batch(BATCH * 5));
            window.save_as_text_files("/out/windows", "");
        }
        Ok(())
    });
    running.expect("it starts")
}

#[test]
fn files_that_wait_for_room_wait_over_a_death_too() {
    let world = world();
    let start = |world: &World| {
        let conf = world.conf().memory_bytes(5 << 20);
        world.try_live(conf, by_time).expect("it starts")
    };
    let life = start(&world);
    let letters = ["a", "b", "c", "d", "e", "f"];
    for letter in letters {
        let content = format!("{}\n{letter}", "x".repeat(900_000));
        world.disk.put(format!("/in/{letter}"), content, world.clock.now() + BATCH);
    }
    assert_eq!(life.batch().records, 5 * 2, "as many as there is room for");
    let world = life.die();
    world.clock.advance(secs(1000));
    let life = start(&world);
    assert_eq!(life.batch().records, 2);
    let totals = life.totals();
    let found: Vec<_> = totals.into_iter().filter(|(word, _)| word.len() == 1).collect();
    assert_eq!(found, once(&letters));
}

#[test]
fn a_file_from_the_future_waits_for_its_batch_over_a_death() {
    let world = world();
    let life = world.live(by_time);
    world.disk.put("/in/later", "later", world.clock.now() + BATCH * 5);
    life.batch();
    let world = life.die();
    let life = world.live(by_time);
    life.batches(3);
    assert_eq!(life.totals(), once(&[]));
    life.batch();
    assert_eq!(life.totals(), once(&["later"]));
}
