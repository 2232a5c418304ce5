//! One replay on many seeds, on all cores: each on a thread and a paused clock of its own.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::Replay;
use crate::course::Course;
use crate::error::{Error, Result};

/// The courses of seeds 1 to `count`, in order.
///
/// # Errors
/// When a seed cannot be played.
pub fn courses(replay: &Replay, count: u64) -> Result<Vec<Course>> {
    let next = AtomicU64::new(1);
    let courses = Mutex::new(Vec::new());
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed > count {
                            return Ok(());
                        }
                        let course = course(replay, seed)?;
                        courses.lock().push((seed, course));
                    }
                })
            })
            .collect();
        for worker in workers {
            let ended = worker.join();
            ended.map_err(|_| Error::Simulator("a replay's thread panicked".to_owned()))??;
        }
        Ok::<_, Error>(())
    })?;
    let mut courses = courses.into_inner();
    courses.sort_by_key(|(seed, _)| *seed);
    Ok(courses.into_iter().map(|(_, course)| course).collect())
}

fn course(replay: &Replay, seed: u64) -> Result<Course> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| Error::Simulator(error.to_string()))?;
    let lines = runtime.block_on(replay.play(seed))?;
    Ok(Course::of(&lines))
}
