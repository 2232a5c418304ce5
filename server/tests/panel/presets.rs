//! The load form's presets do what their names say: each is played on the simulator with the objects that Deploy
//! makes, on a paused clock.

use std::time::Duration;

use crate::world::World;
use app::model::LoadSettings;
use app::presets::{AppSize, Preset, cost_s};
use autoscaling::load::computation_s;
use http::StatusCode;
use server::workshop::manifests::Settings;

/// What a load made of the app until shortly before its end.
#[derive(Debug)]
struct Course {
    /// Each size that was asked for, in turn.
    sizes: Vec<u32>,
    /// The HPA's percent of the request over the last minute: least and most.
    percent: (u32, u32),
}

impl Course {
    fn last(&self) -> u32 {
        *self.sizes.last().unwrap()
    }
}

async fn play(load: LoadSettings) -> Course {
    let world = World::new(1).await;
    let attendee = world.attendee().await;
    let deployed = attendee.post("/api/deploy", "take_over=false").await;
    assert_eq!(deployed.status, StatusCode::OK, "{}", deployed.body);
    world
        .until("the HPA has its first value", |s| {
            let autoscaler = s.autoscaler.as_ref();
            autoscaler.is_some_and(|a| a.utilization_percent.is_some())
        })
        .await;
    let form = format!(
        "users={}&spawn_rate={}&run_time_s={}&n={}",
        load.users, load.spawn_rate, load.run_time_s, load.n
    );
    let started = attendee.post("/api/start_load", &form).await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.body);
    world
        .until("users are on", |s| {
            s.load
                .as_ref()
                .is_some_and(|load| load.first_users.is_some())
        })
        .await;
    let mut sizes = vec![world.snapshot().asked()];
    let mut percent = (u32::MAX, 0);
    let seconds = load.run_time_s - 10;
    for second in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let snapshot = world.snapshot();
        if sizes.last() != Some(&snapshot.asked()) {
            sizes.push(snapshot.asked());
        }
        let autoscaler = snapshot.autoscaler.as_ref().unwrap();
        if let Some(now) = autoscaler.utilization_percent
            && second + 60 >= seconds
        {
            percent = (percent.0.min(now), percent.1.max(now));
        }
    }
    Course { sizes, percent }
}

#[tokio::test(start_paused = true)]
async fn reaches_the_maximum_and_asks_for_more() {
    let course = play(Preset::ReachesMaximum.load(AppSize::DEFAULT)).await;
    assert_eq!(course.last(), 10, "{course:?}");
    assert!(course.percent.0 > 66, "ten are not enough: {course:?}");
}

#[tokio::test(start_paused = true)]
async fn settles_below_the_maximum() {
    let course = play(Preset::SettlesBelow.load(AppSize::DEFAULT)).await;
    println!("settles: {course:?}");
    // The form says "about half of the maximum".
    assert!((4..=7).contains(&course.last()), "{course:?}");
    assert!(course.sizes.iter().all(|size| *size < 10), "{course:?}");
}

#[tokio::test(start_paused = true)]
async fn too_small_to_scale_never_scales() {
    let course = play(Preset::TooSmall.load(AppSize::DEFAULT)).await;
    println!("too small: {course:?}");
    assert_eq!(course.sizes, [1], "{course:?}");
    // CPU rises far enough to be seen.
    assert!(course.percent.0 >= 30, "{course:?}");
}

#[test]
fn cost_on_the_page_is_that_of_the_load_model() {
    for n in [20, 26, 30, 35, 40] {
        let (page, model) = (cost_s(n), computation_s(n));
        assert!((page - model).abs() < 0.000_1, "n {n}: {page} and {model}");
    }
}

#[test]
fn size_that_the_presets_are_made_for_is_that_of_deploy() {
    let settings = Settings::default();
    let size = AppSize {
        request_m: i64::from(settings.app_cpu_request_m),
        limit_m: Some(i64::from(settings.app_cpu_limit_m)),
        target_percent: settings.target_percent,
        max_replicas: settings.max_replicas,
    };
    assert_eq!(size, AppSize::DEFAULT);
}
