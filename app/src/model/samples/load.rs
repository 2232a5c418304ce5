//! The load of 150 users, its log and its tables.

use super::at;
use crate::model::*;

/// A load of 150 users, started at 49.7 s, with its first users a second later.
pub(crate) fn load() -> LoadState {
    LoadState {
        job: "locust-headless".to_owned(),
        uid: "9b0d".to_owned(),
        stage: LoadStage::Running,
        manager: "workshop-panel".to_owned(),
        own: true,
        created: at(49.7),
        users_wanted: Some(150),
        guess: None,
        deleted: None,
        spawn_rate: Some(15),
        run_time_s: Some(300),
        first_users: Some(at(50.8)),
        ends: Some(at(350.8)),
        figures: Some(LoadFigures {
            time: at(111.0),
            users: Some(150),
            rps: 31.2,
            failures_per_s: 0.0,
            requests: 1_036,
            failures: 0,
            p50_ms: Some(1_300),
            p95_ms: Some(9_800),
        }),
        pods: 1,
        end: None,
    }
}

/// The log of [`load`] so far.
pub(crate) fn load_log() -> LoadLogTail {
    let mut log = LoadLogTail::of("9b0d", "locust-headless-rjdcm", "5c1e");
    let stamp = "[2026-03-02 14:00:50,807] locust-headless-rjdcm/INFO";
    let lines = [
        (
            LineKind::Said,
            format!("{stamp}/locust.main: Starting Locust 2.32.2"),
        ),
        (
            LineKind::Said,
            format!("{stamp}/locust.main: Run time limit set to 300 seconds"),
        ),
        (
            LineKind::Said,
            format!("{stamp}/locust.runners: Ramping to 150 users at a rate of 15.00 per second"),
        ),
        (
            LineKind::Figures,
            r#"{"workshop_load": {"users": 15}}"#.to_owned(),
        ),
        (
            LineKind::Said,
            "a <b>line</b> of the locustfile & its own".to_owned(),
        ),
    ];
    for (n, (kind, text)) in (1..).zip(lines) {
        log.push(LogLine::new(n, at(50.8), kind, &text));
    }
    log
}

/// Locust's tables at its end.
pub(crate) fn load_tables() -> LoadTables {
    LoadTables {
        statistics: "Type     Name         # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s\n\
                     --------|------------|-------|-------------|-------|-------|-------|-------|--------|-----------\n\
                     GET      /fib           1036     0(0.00%) |   4231      12    9811   1300 |   17.27        0.00\n\
                     --------|------------|-------|-------------|-------|-------|-------|-------|--------|-----------\n         \
                     Aggregated     1036     0(0.00%) |   4231      12    9811   1300 |   17.27        0.00"
            .to_owned(),
        percentiles: Some(
            "Type     Name              50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100% # reqs\n         \
             Aggregated       1300   1500   1800   2000   8700   9800   9800   9800   9800   9800   9811   1036"
                .to_owned(),
        ),
        errors: None,
    }
}
